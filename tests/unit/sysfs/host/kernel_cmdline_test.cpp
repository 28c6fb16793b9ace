// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/kernel_cmdline.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fake/temp_dir.hpp"

namespace sysfs {
namespace {

bool is_disabled(const char* command_line) {
    return is_disabled_on_cmdline(command_line, BootStage::kSystem);
}

TEST(KernelCmdline, DisablesByTheWordAloneOrWithATrueValue) {
    for (const char* line :
         {"bindd.disable", "quiet bindd.disable\n", "quiet bindd.disable panic=1\n",
          "bindd.disable=1", "bindd.disable=1 ro", "root=/dev/vda\tbindd.disable=yes",
          "bindd.disable=", "bindd.disable=0 bindd.disable", "a=\"b c\" bindd.disable",
          "bindd.disable=ON", "bindd.disable=0 bindd.disable=1"})
        EXPECT_TRUE(is_disabled(line)) << line;
    for (const char* line :
         {"", "\n", "quiet ro", "bindd.disable=0", "bindd.disable=no bindd.disable=off",
          "bindd.disable=false", "xbindd.disable", "bindd.disabled", "bindd", "a=bindd.disable",
          "quiet xbindd.disable bindd.disabled", "bindd.disable=n", "bindd.disable=f",
          "bindd.disable=No", "bindd.disable=OFF", "bindd.disable bindd.disable=0"})
        EXPECT_FALSE(is_disabled(line)) << line;
}

TEST(KernelCmdline, UnquotesWordsAsSystemdDoes) {
    for (const char* line :
         {"\"bindd.disable\"", "'bindd.disable=1'", "bindd.disable=\"1\"", "bindd.dis\"able\""})
        EXPECT_TRUE(is_disabled(line)) << line;
    for (const char* line : {"bindd.disable=\"0\"", "bindd.disable='no'", "\"bindd.disable=0\"",
                             "a=\"b bindd.disable\"", "'a bindd.disable'", "\"bindd.disable ro"})
        EXPECT_FALSE(is_disabled(line)) << line;
}

TEST(KernelCmdline, WordsWithRdAreForTheInitramfsAlone) {
    for (const char* line : {"rd.bindd.disable", "rd.bindd.disable=1", "bindd.disable"})
        EXPECT_TRUE(is_disabled_on_cmdline(line, BootStage::kInitrd)) << line;
    for (const char* line : {"rd.bindd.disable=0", "bindd.disable rd.bindd.disable=no"})
        EXPECT_FALSE(is_disabled_on_cmdline(line, BootStage::kInitrd)) << line;
    EXPECT_FALSE(is_disabled("rd.bindd.disable"));
    EXPECT_TRUE(is_disabled("bindd.disable rd.bindd.disable=no"));
}

TEST(KernelCmdline, IsReadFromTheHostsCommandLine) {
    const fake::TempDir host;
    const Root root{host.path()};
    EXPECT_FALSE(is_disabled_on_cmdline(root));
    ASSERT_EQ(mkdir((host.path() + "/proc").c_str(), 0755), 0);
    std::ofstream(host.path() + "/proc/cmdline") << "BOOT_IMAGE=/vmlinuz bindd.disable quiet\n";
    EXPECT_TRUE(is_disabled_on_cmdline(root));
    std::ofstream(host.path() + "/proc/cmdline") << "rd.bindd.disable\n";
    EXPECT_FALSE(is_disabled_on_cmdline(root));
    ASSERT_EQ(mkdir((host.path() + "/etc").c_str(), 0755), 0);
    std::ofstream(host.path() + "/etc/initrd-release") << "ID=debian\n";
    EXPECT_TRUE(is_disabled_on_cmdline(root));
}

}  // namespace
}  // namespace sysfs

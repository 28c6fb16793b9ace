// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/kernel_cmdline.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fake/temp_dir.hpp"

namespace sysfs {
namespace {

TEST(KernelCmdline, IsTheWordAloneOrWithAnythingButANo) {
    for (const char* line :
         {"bindd.disable", "quiet bindd.disable\n", "quiet bindd.disable panic=1\n",
          "bindd.disable=1", "bindd.disable=1 ro", "root=/dev/vda\tbindd.disable=yes",
          "bindd.disable=", "bindd.disable=0 bindd.disable"})
        EXPECT_TRUE(is_disabled_on_cmdline(std::string_view(line))) << line;
    for (const char* line :
         {"", "\n", "quiet ro", "bindd.disable=0", "bindd.disable=no bindd.disable=off",
          "bindd.disable=false", "xbindd.disable", "bindd.disabled", "bindd", "a=bindd.disable",
          "quiet xbindd.disable bindd.disabled"})
        EXPECT_FALSE(is_disabled_on_cmdline(std::string_view(line))) << line;
}

TEST(KernelCmdline, IsReadFromTheHostsCommandLine) {
    const fake::TempDir host;
    const Root root{host.path()};
    EXPECT_FALSE(is_disabled_on_cmdline(root));
    ASSERT_EQ(mkdir((host.path() + "/proc").c_str(), 0755), 0);
    std::ofstream(host.path() + "/proc/cmdline") << "BOOT_IMAGE=/vmlinuz bindd.disable quiet\n";
    EXPECT_TRUE(is_disabled_on_cmdline(root));
}

}  // namespace
}  // namespace sysfs

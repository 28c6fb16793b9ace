// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/kernel_cmdline.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fake/temp_dir.hpp"

namespace sysfs {
namespace {

TEST(KernelCmdline, DisablesByTheWordAloneOrWithATrueValue) {
    for (const char* line :
         {"bindd.disable", "quiet bindd.disable\n", "quiet bindd.disable panic=1\n",
          "bindd.disable=1", "bindd.disable=1 ro", "root=/dev/vda\tbindd.disable=yes",
          "bindd.disable=", "bindd.disable=0 bindd.disable", "a=\"b c\" bindd.disable"})
        EXPECT_TRUE(is_disabled_on_cmdline(parse_kernel_arguments(line))) << line;
    for (const char* line :
         {"", "\n", "quiet ro", "bindd.disable=0", "bindd.disable=no bindd.disable=off",
          "bindd.disable=false", "xbindd.disable", "bindd.disabled", "bindd", "a=bindd.disable",
          "quiet xbindd.disable bindd.disabled", "bindd.disable=\"0\"", "a=\"b bindd.disable\""})
        EXPECT_FALSE(is_disabled_on_cmdline(parse_kernel_arguments(line))) << line;
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

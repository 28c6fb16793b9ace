// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"

/// `list --watch` through a pipe: it prints when something has changed, and ends when its reader
/// has gone.
namespace tests {
namespace {

std::string next_line(FILE* pipe) {
    std::array<char, 256> buffer{};
    return fgets(buffer.data(), buffer.size(), pipe) == nullptr ? "(end)" : buffer.data();
}

TEST(Watch, PrintsTheListAgainWhenItChanges) {
    const fake::TempDir root;
    write_workstation(root.path());
    const std::string command = std::string("timeout 60 ") + VFIOCTL_BINARY + " --root " +
                                root.path() + " list -n -w -o ADDRESS,OVERRIDE eth0 2>&1";
    FILE* pipe = popen(command.c_str(), "r");  // NOLINT: a shell is what it is about
    ASSERT_NE(pipe, nullptr);
    EXPECT_EQ(next_line(pipe), "0000:03:00.0 -\n");
    std::ofstream(root.path() + "/sys/bus/pci/devices/0000:03:00.0/driver_override")
        << "vfio-pci\n";
    EXPECT_EQ(next_line(pipe), "\n");
    EXPECT_EQ(next_line(pipe), "0000:03:00.0 vfio-pci\n");
    EXPECT_EQ(pclose(pipe), 0);  // it waits for the program's end
}

}  // namespace
}  // namespace tests

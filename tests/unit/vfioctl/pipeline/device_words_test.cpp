// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/path.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

namespace tests {
namespace {

std::string listed(const std::string& root, const std::string& word) {
    const ProcessOutput output =
        run_vfioctl({"--root", ".", "list", "-n", "-o", "ADDRESS", word}, root);
    return output.status == 0 ? output.out : output.err;
}

/// A class entry of sysfs and the device directory that it links.
void add_class(const std::string& root, const std::string& link, const std::string& directory) {
    namespace fs = std::filesystem;
    fs::create_directories(root + "/sys/class/" + base::directory_name(link));
    fs::create_directories(directory);
    fs::create_symlink(directory, root + "/sys/class/" + link);
}

TEST(DeviceWords, OfOtherToolsNameTheDevice) {
    const fake::TempDir root;
    write_workstation(root.path());
    const std::string devices = root.path() + "/sys/bus/pci/devices/";
    const auto real = [&](const std::string& address) {
        return std::filesystem::canonical(devices + address).string();
    };
    add_class(root.path(), "drm/card1", real("0000:02:00.0") + "/drm/card1");
    add_class(root.path(), "drm/renderD129", real("0000:02:00.0") + "/drm/renderD129");
    add_class(root.path(), "block/nvme0n1", real("0000:04:00.0") + "/nvme/nvme0/nvme0n1");
    const std::string subsystem = root.path() + "/sys/devices/virtual/nvme-subsystem/nvme-subsys1";
    add_class(root.path(), "block/nvme1n1", subsystem + "/nvme1n1");
    std::filesystem::create_symlink(real("0000:04:00.0") + "/nvme/nvme0", subsystem + "/nvme0");
    const std::map<std::string, std::string> words = {
        {"pci_0000_02_00_0", "0000:02:00.0\n"},
        {"net_eth0_52_54_00_12_34_56", "0000:03:00.0\n"},
        {"2:0.0", "0000:02:00.0\n"},
        {"0:2:0.0", "0000:02:00.0\n"},
        {"/sys/bus/pci/devices/0000:02:00.0", "0000:02:00.0\n"},
        {"/sys/bus/pci/devices/0000:02:00.0/", "0000:02:00.0\n"},
        {"/sys/class/drm/card1", "0000:02:00.0\n"},
        {"/dev/dri/card1", "0000:02:00.0\n"},
        {"/dev/dri/renderD129", "0000:02:00.0\n"},
        {"/dev/nvme0n1", "0000:04:00.0\n"},
        {"/dev/nvme1n1", "0000:04:00.0\n"},
        {"8086:2922", "0000:00:1f.2\n"}};
    for (const auto& [word, address] : words)
        EXPECT_EQ(listed(root.path(), word), address) << word;
    for (const char* word : {"pci_0000_09_00_0", "9:0.0", "/dev/nvme7n1", "/sys/bus/pci", "/dev/",
                             "ffff:ffff", ":.0", "2:0.", "/sys/../sys/none"})
        EXPECT_EQ(listed(root.path(), word).rfind("vfioctl: ", 0), 0u) << word;
}

}  // namespace
}  // namespace tests

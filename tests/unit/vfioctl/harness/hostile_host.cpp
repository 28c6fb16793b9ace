// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/vfioctl/harness/hostile_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/file_io.hpp"
#include "tests/fake/tree.hpp"

namespace tests {
namespace {

/// An address, a number, a class or a list of them: a hostile one is not read at all.
bool is_numeric(const std::string& line) {
    return line.find_first_not_of("0123456789abcdefABCDEFxX:.,- \t") == std::string::npos;
}

std::string hostile_lines(const std::string& text) {
    std::string out;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        const std::string line = text.substr(from, end - from);
        out += line + (is_numeric(line) ? "" : kHostile) + "\n";
        from = end + 1;
    }
    return out;
}

bool is_syntax(const std::filesystem::path& path) {
    const std::string name = path.string();
    return name.ends_with(".yaml") || name.ends_with("/uevent") || name.ends_with("/config") ||
           name.ends_with("/vpd") || name.find("/modules.") != std::string::npos ||
           name.find("/etc/mdevctl.d/") != std::string::npos;
}

}  // namespace

void make_lines_hostile(const std::string& root) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
        if (entry.is_regular_file() && !entry.is_symlink() && !is_syntax(entry.path()))
            files.push_back(entry.path());
    ASSERT_GT(files.size(), 30U);
    for (const auto& path : files) {
        const auto text = base::read_file(path.string());
        ASSERT_TRUE(text) << path;
        ASSERT_TRUE(base::replace_file(path.string(), hostile_lines(*text), 0644,
                                       base::Durability::kUnsynced));
    }
}

void add_hostile_names(const std::string& root) {
    fake::Tree tree(root);
    const std::string json = R"(\u001b[31m\u009b\u202e\u200f\u2028)";
    tree.dir("/sys/bus/pci/slots/7" + kHostile)
        .file("/sys/bus/pci/slots/7" + kHostile + "/address", "0000:03:00\n")
        .dir("/sys/bus/pci/drivers/d" + kHostile)
        .dir("/sys/class/net/n" + kHostile)
        .file("/run/udev/data/+pci:0000:03:00.0",
              "E:ID_NET_LABEL=a" + kHostile + "\nE:ID_MODEL_FROM_DATABASE=m" + kHostile + "\n")
        .file("/proc/self/mountinfo",
              "21 1 259:0 / /mnt" + kHostile + " rw - ext4 /dev/nvme0n1" + kHostile + " rw\n")
        .file("/proc/1/mountinfo",
              "21 1 259:0 / /mnt" + kHostile + " rw - ext4 /dev/nvme0n1" + kHostile + " rw\n")
        .file("/proc/swaps",
              "Filename\tType\tSize\tUsed\tPriority\n/dev/a" + kHostile + "\tpartition\t1\t1\t-2\n")
        .file("/proc/77/comm", "qemu" + kHostile + "\n")
        .file("/proc/77/maps", "7f00-7f01 rw-s 0 00:05 1 /dev/vfio/14" + kHostile + "\n")
        .file("/proc/cmdline", "bindd." + kHostile + "=1 intel_iommu=on\n")
        .file("/etc/modprobe.d/a" + kHostile + ".conf",
              "options vfio-pci ids=8086:10d3," + kHostile + "\ninstall nvme /x" + kHostile +
                  "\nblacklist vfio-pci" + kHostile + "\n")
        .file("/etc/driverctl.d/pci-0000:03:00.0", "d" + kHostile + "\n")
        .file("/etc/driverctl.d/pci-" + kHostile, "vfio-pci\n")
        .file("/etc/mdevctl.d/mtty/83b8f4f2-509f-382f-3c1e-e6bfe0fa1005",
              R"({"mdev_type":"mtty-1","start":"auto","attrs":[{"a":")" + json + kHostile + "\"}]}")
        .file("/etc/mdevctl.d/mtty/83b8f4f2-509f-382f-3c1e-e6bfe0fa1006",
              R"({"mdev_type":"mtty-1","start":"auto","attrs":[{"a":")" + json + "\"}]}")
        .file("/etc/mdevctl.d/p" + kHostile + "/83b8f4f2-509f-382f-3c1e-e6bfe0fa1007",
              R"({"mdev_type":"mtty-1","start":"auto"})")
        .file("/var/lib/bindd/history",
              R"({"txn":"t)" + json + R"(","time_us":1,"actor":"a)" + json +
                  R"(","action":"bind","devices":["pci/0000:03:00.0"],"driver":"d)" + json +
                  R"(","rule":"r)" + json + R"(","where":"w)" + json +
                  R"(","result":"failed","error":"e)" + json + "\"}\n");
    const std::string parent = "/sys/class/mdev_bus/mtty/mdev_supported_types/t" + kHostile;
    tree.dir(parent)
        .file(parent + "/name", "n" + kHostile + "\n")
        .file(parent + "/description", "d" + kHostile + "\n")
        .file(parent + "/device_api", "vfio-pci" + kHostile + "\n")
        .file(parent + "/available_instances", "3\n");
    tree.file("/etc/bindd/policies.d/99-" + kHostile + ".yaml",
              "version: 1\nvariants:\n  - name: v\n    match: { class: network }\n"
              "    drivers: [d]\n    why: \"\\e[31m\\x9b\\u202E\\u200F\"\n"
              "rules:\n  - name: p\n    match: { property: { ID_X: \"\\e[31m\\x9b\\u202E\" } }\n"
              "    driver: auto\n");
}

}  // namespace tests

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/sysfs/usage/usage_tree.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace {

namespace fs = std::filesystem;

std::string base_name(const std::string& path) {
    return path.substr(path.find_last_of('/') + 1);
}

}  // namespace

UsageTree::UsageTree() {
    std::string name = (fs::temp_directory_path() / "usage-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no temporary directory");
    directory_ = name;
}

UsageTree::~UsageTree() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

UsageTree& UsageTree::file(const std::string& absolute, const std::string& text) {
    fs::create_directories(fs::path(path(absolute)).parent_path());
    std::ofstream(path(absolute)) << text;
    return *this;
}

UsageTree& UsageTree::link(const std::string& absolute, const std::string& target) {
    fs::create_directories(fs::path(path(absolute)).parent_path());
    fs::create_symlink(target, path(absolute));
    return *this;
}

sysfs::Device UsageTree::pci(const std::string& address) {
    sysfs::Device device;
    device.id = {"pci", address};
    device.syspath = "/sys/devices/pci0000:00/" + address;
    file(device.syspath + "/uevent", "");
    link("/sys/bus/pci/devices/" + address, "../../../devices/pci0000:00/" + address);
    return device;
}

UsageTree& UsageTree::disk(const std::string& syspath, const std::string& number) {
    node(syspath, "block", number, base_name(syspath));
    return link("/sys/class/block/" + base_name(syspath), path(syspath));
}

UsageTree& UsageTree::partition(const std::string& syspath, const std::string& number) {
    file(syspath + "/partition", "1\n");
    return disk(syspath, number);
}

UsageTree& UsageTree::holder(const std::string& name, const std::string& number,
                             const std::string& below) {
    const std::string syspath = "/sys/devices/virtual/block/" + name;
    if (!fs::exists(path(syspath)))
        disk(syspath, number);
    link(syspath + "/slaves/" + base_name(below), path(below));
    return link(below + "/holders/" + name, path(syspath));
}

UsageTree& UsageTree::node(const std::string& syspath, const std::string& subsystem,
                           const std::string& number, const std::string& name) {
    file(syspath + "/dev", number + "\n");
    file(syspath + "/uevent", "MAJOR=1\nDEVNAME=" + name + "\nDEVTYPE=x\n");
    return link(syspath + "/subsystem", "../../../class/" + subsystem);
}

UsageTree& UsageTree::process(int pid, const std::string& name, const std::string& mountinfo,
                              const std::string& mount_namespace) {
    const std::string dir = "/proc/" + std::to_string(pid);
    file(dir + "/comm", name + "\n");
    if (!mountinfo.empty())
        file(dir + "/mountinfo", mountinfo);
    if (!mount_namespace.empty())
        link(dir + "/ns/mnt", "mnt:[" + mount_namespace + "]");
    return *this;
}

UsageTree& UsageTree::open_file(int pid, int fd, const std::string& target) {
    return link("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd), target);
}

std::vector<sysfs::Use> UsageTree::uses(const sysfs::Device& device) const {
    sysfs::Inventory inventory;
    inventory.devices = {device};
    inventory.rebuild_index();
    const std::vector<sysfs::DeviceId> ids = {device.id};
    return sysfs::read_usage(root(), inventory, ids).at(device.id);
}

std::string UsageTree::usage(const sysfs::Device& device) const {
    return use_lines(uses(device));
}

std::string use_lines(const std::vector<sysfs::Use>& uses) {
    std::string lines;
    for (const auto& use : uses)
        lines += std::string(sysfs::use_kind_name(use.kind)) + ": " + use.evidence + "\n";
    return lines;
}

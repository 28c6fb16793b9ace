// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fake/tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/unique_fd.hpp"

namespace fake {
namespace {

void check(bool good, const std::string& path) {
    if (good)
        return;
    std::perror(path.c_str());
    std::abort();
}

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

/// "/sys/bus/pci/devices/X" to "/sys/devices/Y": "../../../devices/Y".
std::string relative(const std::string& from, const std::string& to) {
    std::size_t common = 0;
    for (std::size_t at = 0; at < from.size() && at < to.size() && from[at] == to[at]; ++at)
        if (from[at] == '/')
            common = at + 1;
    std::string out;
    for (std::size_t at = from.find('/', common); at != std::string::npos;
         at = from.find('/', at + 1))
        out += "../";
    return out + to.substr(common);
}

}  // namespace

Tree& Tree::dir(const std::string& path) {
    if (path.empty() || !made_.insert(path).second)
        return *this;
    dir(parent_of(path));
    check(::mkdir((root_ + path).c_str(), 0755) == 0 || errno == EEXIST, path);
    return *this;
}

Tree& Tree::file(const std::string& path, std::string_view text, unsigned mode) {
    dir(parent_of(path));
    const std::string full = root_ + path;
    ::unlink(full.c_str());
    const base::UniqueFd fd(::open(full.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, mode));
    check(fd.valid(), full);
    check(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()), full);
    check(::fchmod(fd.get(), mode) == 0, full);
    return *this;
}

Tree& Tree::link(const std::string& path, const std::string& target) {
    dir(parent_of(path));
    const std::string full = root_ + path;
    ::unlink(full.c_str());
    check(::symlink(relative(path, target).c_str(), full.c_str()) == 0, full);
    return *this;
}

Tree& Tree::remove(const std::string& path) {
    std::error_code error;
    std::filesystem::remove_all(root_ + path, error);
    check(!error, path);
    made_.clear();
    return *this;
}

Tree write_tree(const std::string& dir, const sysfs::Inventory& inventory,
                const sysfs::Drivers& drivers) {
    Tree tree(dir);
    tree.dir("/sys/class/vfio");
    write_host(tree, inventory.host);
    for (const auto& [id, group] : inventory.groups)
        write_group(tree, group);
    for (const sysfs::Device& device : inventory.devices)
        write_device(tree, device);
    // Links between devices, now that all have a path.
    for (const sysfs::Device& device : inventory.devices) {
        if (device.vf)
            if (const auto* pf = inventory.find({"pci", device.vf->pf}))
                tree.link(device.syspath + "/physfn", pf->syspath);
        if (device.sriov)
            for (const auto& [index, name] : device.sriov->vfs)
                if (const auto* vf = inventory.find({"pci", name}))
                    tree.link(device.syspath + "/virtfn" + std::to_string(index), vf->syspath);
        if (!device.mdev)
            continue;
        for (const sysfs::Device& parent : inventory.devices)
            if (parent.mdev_parent_name == device.mdev->parent)
                tree.link(device.syspath + "/mdev_type",
                          parent.syspath + "/mdev_supported_types/" + device.mdev->type);
    }
    if (inventory.host.iommu)
        for (const sysfs::Device& device : inventory.devices)
            if (device.iommu_group && !device.mdev)
                tree.link("/sys/class/iommu/dmar0/devices/" + device.id.name, device.syspath);
    write_drivers(tree, inventory.host.kernel, drivers);
    return tree;
}

}  // namespace fake

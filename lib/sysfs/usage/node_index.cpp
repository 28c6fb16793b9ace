// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/node_index.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <sstream>
#include <utility>

#include "base/file_io.hpp"
#include "base/path.hpp"

namespace sysfs {
namespace {

/// The files by which user space reaches a PCI function without its driver.
bool is_register_file(std::string_view name) {
    constexpr std::string_view kResource = "resource";  // of itself only a text
    return name == "config" || name == "rom" ||
           (name.starts_with(kResource) && name.size() > kResource.size());
}

constexpr std::string_view kPeerMemory = "/p2pmem/allocate";

/// "/devices/..." of a path: sysfs may be mounted anywhere.
std::string_view below_sysfs(std::string_view path) {
    const auto at = path.find("/devices/");
    return at == std::string_view::npos ? std::string_view() : path.substr(at);
}

/// "/proc/bus/pci/00/10.0", of any domain but the first "/proc/bus/pci/0001:00/10.0"
/// (pci_proc_attach_device()).
std::string legacy_path(std::string address) {
    constexpr std::string_view kFirstDomain = "0000:";
    if (address.starts_with(kFirstDomain))
        address.erase(0, kFirstDomain.size());
    if (const auto colon = address.rfind(':'); colon != std::string::npos)
        address[colon] = '/';
    return "/proc/bus/pci/" + address;
}

NodeOwner::NodeRole role_of(const DeviceNode& node) {
    return node.subsystem == "vfio" || node.subsystem == "vfio-dev" ? NodeOwner::NodeRole::kVfio
                                                                    : NodeOwner::NodeRole::kNode;
}

}  // namespace

NodeIndex::NodeIndex(const Root& root, const Inventory& inventory, std::span<UsageCheck> checks) {
    for (auto& check : checks) {
        add_nodes(check);
        add_peers(root, inventory, check);
        for (const auto& dir : check.subtree.functions)
            add_function(root, dir, check);
    }
}

void NodeIndex::add_nodes(UsageCheck& check) {
    for (const auto& [number, node] : check.subtree.nodes) {
        const std::string path = "/dev/" + node.name;
        const NodeOwner owner{&check, role_of(node), path};
        by_number_.emplace(number, owner);
        by_path_.emplace(path, owner);
    }
}

/// A group whose cdevs are open answers EBUSY (vfio_group_fops_open()), for each of its devices.
void NodeIndex::add_peers(const Root& root, const Inventory& inventory, UsageCheck& check) {
    const Group* group = inventory.find_group(check.subtree.device);
    if (group == nullptr || !check.subtree.device.vfio)
        return;
    for (const DeviceId& id : group->devices) {
        const Device* peer = inventory.find(id);
        if (peer == nullptr || id == check.subtree.device.id || !peer->vfio || !peer->vfio->cdev)
            continue;
        const std::string path = "/dev/vfio/devices/" + *peer->vfio->cdev;
        const NodeOwner owner{&check, NodeOwner::NodeRole::kPeer, path};
        by_path_.emplace(path, owner);
        const auto text =
            base::read_file(root.path("/sys/class/vfio-dev/" + *peer->vfio->cdev + "/dev"));
        if (const auto number = parse_node_number(NodeKind::kChar, text.value_or("")))
            by_number_.emplace(*number, owner);
    }
}

void NodeIndex::add_function(const Root& root, const std::string& dir, UsageCheck& check) {
    const std::string address = base::base_name(dir);
    const NodeOwner function{&check, NodeOwner::NodeRole::kFile, address};
    by_path_.emplace(below_sysfs(dir), function);
    by_path_.emplace("/devices/" + address, function);
    const std::string legacy = legacy_path(address);
    by_path_.emplace(legacy, NodeOwner{&check, NodeOwner::NodeRole::kFile, legacy});
    for (const auto& name :
         root.is_live() ? base::list_directory(dir) : std::vector<std::string>()) {
        struct stat status {};
        const std::string path = fmt::format("{}/{}", dir, name);
        if (is_register_file(name) && ::stat(path.c_str(), &status) == 0)
            by_inode_.emplace(status.st_ino, NodeOwner{&check, NodeOwner::NodeRole::kFile,
                                                       fmt::format("{}/{}", address, name)});
    }
    add_memory(dir, check);
}

/// Lines of `resource`: "0x00000000fea00000 0x00000000feafffff 0x0000000000040200", first address,
/// last address and flags; all zero where there is none.
void NodeIndex::add_memory(const std::string& dir, UsageCheck& check) {
    constexpr std::uint64_t kMemory = 0x200;  // IORESOURCE_MEM
    std::istringstream lines(base::read_file(dir + "/resource").value_or(""));
    std::uint64_t first = 0, last = 0, flags = 0;
    for (int number = 0; lines >> std::hex >> first >> last >> flags; ++number) {
        if ((flags & kMemory) != 0 && first < last)
            memory_.push_back({first,
                               last,
                               {&check, NodeOwner::NodeRole::kFile,
                                fmt::format("its resource {} by /dev/mem", number)}});
    }
}

NodeIndex::Owners NodeIndex::find(const NodeNumber& number) const {
    Owners owners;
    const auto [first, last] = by_number_.equal_range(number);
    for (auto each = first; each != last; ++each)
        owners.push_back(each->second);
    return owners;
}

NodeIndex::Owners NodeIndex::find_node(std::string_view path) const {
    Owners owners;
    const auto [first, last] = by_path_.equal_range(path);
    for (auto each = first; each != last; ++each)
        owners.push_back(each->second);
    return owners;
}

NodeIndex::Owners NodeIndex::find_named(std::string_view name) const {
    Owners owners;
    for (const auto& [number, owner] : by_number_) {
        if (base::base_name(owner.name) == name)
            owners.push_back(owner);
    }
    return owners;
}

// A device's directory that is mounted by itself in a container shows none of its path, so the
// inode is compared there; the name as well, since other file systems have the same inodes.
NodeIndex::Owners NodeIndex::find_file(std::string_view path, std::uint64_t inode) const {
    if (path.starts_with("/proc/bus/pci/"))
        return find_node(path);
    // Memory that the driver lends out (p2p_mem_alloc_attr).
    if (path.ends_with(kPeerMemory)) {
        Owners owners = find_node(below_sysfs(path.substr(0, path.size() - kPeerMemory.size())));
        for (NodeOwner& owner : owners)
            owner.name += kPeerMemory;
        return owners;
    }
    const std::string_view name = path.substr(path.rfind('/') + 1);
    if (!is_register_file(name))
        return {};
    const std::string_view directory = path.substr(0, path.size() - name.size());
    const std::string_view below = below_sysfs(directory);
    Owners owners = find_node(below.substr(0, below.find_last_not_of('/') + 1));
    for (NodeOwner& owner : owners)
        owner.name += fmt::format("/{}", name);
    const auto [first, last] = by_inode_.equal_range(inode);
    for (auto each = first; each != last && owners.empty(); ++each) {
        if (each->second.name.ends_with(fmt::format("/{}", name)))
            owners.push_back(each->second);
    }
    return owners;
}

NodeIndex::Owners NodeIndex::find_memory(std::uint64_t address, std::uint64_t size) const {
    Owners owners;
    for (const Memory& each : memory_) {
        if (address <= each.last && each.first < address + size)
            owners.push_back(each.owner);
    }
    return owners;
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/device_words.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>

#include "base/file_io.hpp"
#include "base/path.hpp"

namespace vfioctl {
namespace {

using DeviceWords = std::vector<std::string>;

std::string resolve_links(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    return real ? real.get() : std::string();
}

/// Of the devices on the way to `real`, the lowest that is assigned as a whole (it has an IOMMU
/// group, or is an mdev): a disk's virtio device gives way to the PCI device below it.
DeviceWords device_above(const sysfs::Inventory& inventory, std::string real) {
    const sysfs::Device* lowest = nullptr;
    for (; real.size() > 1; real = base::directory_name(real)) {
        const std::string name = base::base_name(real);
        for (const sysfs::Device& device : inventory.devices) {
            if (device.id.name != name)
                continue;
            if (device.iommu_group || device.mdev)
                return {device.id.text()};
            lowest = lowest == nullptr ? &device : lowest;
        }
    }
    return lowest == nullptr ? DeviceWords{} : DeviceWords{lowest->id.text()};
}

/// With native multipath an NVMe namespace is below its subsystem, which is virtual and links its
/// controllers (nvme_mpath_alloc_disk(), nvme_init_subsystem()).
DeviceWords device_of_sysfs(const sysfs::Inventory& inventory, const std::string& path) {
    const std::string real = resolve_links(path);
    DeviceWords found = device_above(inventory, real);
    if (!found.empty() || real.empty())
        return found;
    const std::string parent = base::directory_name(real);
    for (const std::string& name : base::list_directory(parent)) {
        if (!name.starts_with("nvme") || !base::read_link(parent + "/" + name))
            continue;
        const auto each = device_above(inventory, resolve_links(parent + "/" + name));
        found.insert(found.end(), each.begin(), each.end());
    }
    return found;
}

/// The device of a node, by its name in a class of sysfs: a captured host has no /dev.
DeviceWords device_of_node(const sysfs::Root& root, const sysfs::Inventory& inventory,
                           const std::string& path) {
    const std::string real = root.is_live() ? resolve_links(path) : path;  // /dev/disk/by-id
    const std::string name = base::base_name(real.empty() ? path : real);
    const std::string classes = root.path("/sys/class");
    for (const std::string& each : base::list_directory(classes)) {
        const std::string link = classes + "/" + each + "/" + name;
        if (!base::read_link(link))
            continue;
        if (const auto found = device_of_sysfs(inventory, link); !found.empty())
            return found;
    }
    return {};
}

/// libvirt replaces all but letters and digits (udevGenerateDeviceName()), as our bus paths do.
std::string node_device_name(std::string_view bus, std::string_view name) {
    std::string out = std::string(bus) + "_" + std::string(name);
    std::replace_if(
        out.begin(), out.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return out;
}

DeviceWords device_of_node_name(const sysfs::Inventory& inventory, const std::string& word) {
    DeviceWords out;
    for (const sysfs::Device& device : inventory.devices) {
        const std::string own = node_device_name(device.id.bus, device.id.name);
        bool same = word == own || (device.mdev && word.starts_with(own + "_"));
        for (const std::string& netdev : device.netdevs)
            same = same || word.starts_with(node_device_name("net", netdev) + "_");
        if (same)
            out.push_back(device.id.text());
    }
    return out;
}

bool is_hex(std::string_view text, std::size_t longest) {
    return !text.empty() && text.size() <= longest &&
           std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// "2:0.0" and "0:2:0.0": numbers without their leading zeros.
DeviceWords padded_address(const sysfs::Inventory& inventory, const std::string& word) {
    const std::size_t dot = word.rfind('.');
    const std::size_t colon = word.rfind(':', dot);
    if (dot == std::string::npos || colon == std::string::npos || colon == 0)
        return {};
    const std::size_t first = word.rfind(':', colon - 1);
    const std::string domain = first == std::string::npos ? "0" : word.substr(0, first);
    const std::size_t bus_at = first == std::string::npos ? 0 : first + 1;
    const std::string bus = word.substr(bus_at, colon - bus_at);
    const std::string slot = word.substr(colon + 1, dot - colon - 1);
    if (!is_hex(domain, 4) || !is_hex(bus, 2) || !is_hex(slot, 2))
        return {};
    const auto padded = [](const std::string& text, std::size_t width) {
        return std::string(width - text.size(), '0') + text;
    };
    std::string name =
        padded(domain, 4) + ":" + padded(bus, 2) + ":" + padded(slot, 2) + word.substr(dot);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const sysfs::DeviceId id{"pci", name};
    return inventory.find(id) == nullptr ? DeviceWords{} : DeviceWords{id.text()};
}

DeviceWords devices_of_ids(const sysfs::Inventory& inventory, const std::string& word) {
    if (word.size() != 9 || word[4] != ':' || !is_hex(word.substr(0, 4), 4) ||
        !is_hex(word.substr(5), 4))
        return {};
    const auto vendor = std::strtoul(word.substr(0, 4).c_str(), nullptr, 16);
    const auto product = std::strtoul(word.substr(5).c_str(), nullptr, 16);
    DeviceWords out;
    for (const sysfs::Device& device : inventory.devices)
        if (device.id.bus == "pci" && device.ids.vendor == vendor && device.ids.device == product)
            out.push_back(device.id.text());
    return out;
}

/// SIOCGIFINDEX takes alternative names too (netdev_name_node_lookup(), Linux 5.5).
DeviceWords device_of_altname(const sysfs::Inventory& inventory, const std::string& word) {
    std::array<char, IF_NAMESIZE> name{};
    const unsigned index = if_nametoindex(word.c_str());
    if (index == 0 || if_indextoname(index, name.data()) == nullptr)
        return {};
    return device_of_sysfs(inventory, std::string("/sys/class/net/") + name.data());
}

}  // namespace

std::vector<std::string> translate_device_word(const sysfs::Root& root,
                                               const sysfs::Inventory& inventory,
                                               const std::string& word) {
    if (word.starts_with("/sys/"))
        return device_of_sysfs(inventory, root.path(word));
    if (word.starts_with("/dev/"))
        return device_of_node(root, inventory, word);
    for (const auto& spelling : {device_of_node_name, padded_address, devices_of_ids})
        if (auto found = spelling(inventory, word); !found.empty())
            return found;
    return root.is_live() ? device_of_altname(inventory, word) : DeviceWords{};
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who uses a device is asked before it is taken: the kernel itself does not ask. Unbinding nvme
// from under a mounted file system, or e1000e from under the default route, succeeds, and the host
// is gone.
//
// One walk below each device tells what the kernel made of it (footprint.hpp). Then every table of
// uses is read once for all devices together: mounts, swaps, links, routes, and /proc/*/fd, the
// dear one.
#include "sysfs/usage.hpp"

#include <algorithm>
#include <utility>

#include "sysfs/usage_evidence.hpp"

namespace sysfs {
namespace {

std::vector<Suspect> read_suspects(const Root& root, const Inventory& inventory,
                                   std::span<const DeviceId> devices) {
    std::vector<Suspect> suspects;
    for (const auto& id : devices) {
        if (const Device* device = inventory.find(id))
            suspects.push_back(
                {.footprint = read_footprint(root, *device), .uses = {}, .told = {}});
    }
    return suspects;
}

bool any_has_blocks(std::span<const Suspect> suspects) {
    return std::any_of(suspects.begin(), suspects.end(),
                       [](const Suspect& each) { return !each.footprint.blocks.empty(); });
}

bool any_has_netdevs(std::span<const Suspect> suspects) {
    return std::any_of(suspects.begin(), suspects.end(),
                       [](const Suspect& each) { return !each.footprint.netdevs.empty(); });
}

/// A network device that a native driver serves: its interfaces may be in another namespace.
bool is_native_nic(const Device& device) {
    constexpr std::uint32_t kNetwork = 0x02;
    return device.ids.class_code && *device.ids.class_code >> 16 == kNetwork && device.driver &&
           !device.vfio;
}

void find_foreign_net_uses(std::span<Suspect> suspects) {
    if (std::none_of(suspects.begin(), suspects.end(),
                     [](const Suspect& each) { return is_native_nic(each.footprint.device); }))
        return;
    for (const ForeignNet& net : read_foreign_nets()) {
        for (auto& suspect : suspects)
            find_foreign_net(net, suspect);
    }
}

void find_block_uses(const Root& root, std::span<Suspect> suspects) {
    if (!any_has_blocks(suspects))
        return;
    const auto mounts = read_mounts(root);
    const auto swaps = read_swaps(root);
    for (auto& suspect : suspects) {
        find_mounts(root, mounts, suspect);
        find_swaps(root, swaps, suspect);
        find_holders(suspect);
        find_contents(root, suspect);
    }
}

void find_net_uses(const Root& root, std::span<Suspect> suspects) {
    if (!any_has_netdevs(suspects))
        return;
    const NetTables tables = read_net_tables(root);
    for (auto& suspect : suspects)
        find_net(tables, suspect);
    find_session(root, tables, suspects);
}

}  // namespace

Usage read_usage(const Root& root, const Inventory& inventory, std::span<const DeviceId> devices) {
    auto suspects = read_suspects(root, inventory, devices);
    find_block_uses(root, suspects);
    find_net_uses(root, suspects);
    if (root.is_live())
        find_foreign_net_uses(suspects);
    find_open_nodes(root, suspects);
    Usage usage;
    for (auto& suspect : suspects) {
        find_console(root, suspect);
        find_vfs(inventory, suspect);
        std::sort(suspect.uses.begin(), suspect.uses.end());
        suspect.uses.erase(std::unique(suspect.uses.begin(), suspect.uses.end()),
                           suspect.uses.end());
        usage.emplace(suspect.footprint.device.id, std::move(suspect.uses));
    }
    return usage;
}

}  // namespace sysfs

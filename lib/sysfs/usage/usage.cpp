// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The uses of a device are checked before it is unbound, since the kernel does not check them:
// unbinding nvme below a mounted file system, or e1000e below the default route, succeeds and takes
// the host down.
//
// One walk below each device finds what the kernel created for it (device_subtree.hpp). Then every
// table of uses is read once for all devices: mounts, swap areas, links, routes, and /proc/*/fd,
// which costs most.
#include "sysfs/usage/usage.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/lost_reads.hpp"
#include "sysfs/usage/essential_storage.hpp"
#include "sysfs/usage/kernel_users.hpp"
#include "sysfs/usage/process.hpp"
#include "sysfs/usage/usage_block.hpp"
#include "sysfs/usage/usage_console.hpp"
#include "sysfs/usage/usage_content.hpp"
#include "sysfs/usage/usage_fd.hpp"
#include "sysfs/usage/usage_firmware.hpp"
#include "sysfs/usage/usage_input.hpp"
#include "sysfs/usage/usage_kernel.hpp"
#include "sysfs/usage/usage_net.hpp"
#include "sysfs/usage/usage_remote.hpp"
#include "sysfs/usage/usage_session.hpp"
#include "sysfs/usage/usage_vfs.hpp"

namespace sysfs {
namespace {

std::vector<UsageCheck> start_checks(const Root& root, const Inventory& inventory,
                                     std::span<const DeviceId> devices,
                                     std::span<const RunningProgram> programs) {
    const bool has_processes = !root.is_live() || !programs.empty();
    std::vector<UsageCheck> checks;
    for (const auto& id : devices) {
        const Device* device = inventory.find(id);
        if (device == nullptr)
            continue;
        UsageCheck check{
            .subtree = read_device_subtree(root, *device), .uses = {}, .reported_blocks = {}};
        for (const auto& unread : check.subtree.unknown)
            check.add(UseKind::kUnknown, "what belongs to it is unknown", unread);
        if (!has_processes)
            check.add(UseKind::kUnknown, "who uses it is unknown", "/proc lists no process");
        checks.push_back(std::move(check));
    }
    return checks;
}

bool any_has_blocks(std::span<const UsageCheck> checks) {
    return std::any_of(checks.begin(), checks.end(),
                       [](const UsageCheck& each) { return !each.subtree.blocks.empty(); });
}

/// A network device on a native driver: its interfaces may be in another namespace.
bool is_native_nic(const Device& device) {
    constexpr std::uint32_t kNetwork = 0x02;
    return device.ids.class_code && *device.ids.class_code >> 16 == kNetwork && device.driver &&
           !device.vfio;
}

bool has_net(const UsageCheck& check) {
    return !check.subtree.netdevs.empty() || !check.subtree.hidden_nets.empty() ||
           is_native_nic(check.subtree.device);
}

bool any_has_net(std::span<const UsageCheck> checks) {
    return std::any_of(checks.begin(), checks.end(), has_net);
}

/// Has the namespace an interface of one of the devices, or one whose lower interface it lacks?
bool is_relevant(std::span<const UsageCheck> checks, const std::map<int, Link>& links) {
    return std::any_of(links.begin(), links.end(), [&](const auto& entry) {
        const Link& link = entry.second;
        return (link.lower != 0 && !link.lower_namespace && !links.contains(link.lower)) ||
               std::any_of(checks.begin(), checks.end(), [&link](const UsageCheck& check) {
                   return check.subtree.bus_names.contains(link.parent);
               });
    });
}

void find_other_namespace_uses(const NetTables& ours, const MountTable& mounts,
                               std::span<const RunningProgram> programs,
                               std::span<UsageCheck> checks) {
    const OtherNetNamespaces others = read_other_net_namespaces(
        programs, mounts.net_namespaces,
        [checks](const std::map<int, Link>& links) { return is_relevant(checks, links); });
    for (auto& check : checks) {
        if (!has_net(check))
            continue;
        for (const auto& net : others.found)
            find_other_namespace_net(ours, net, check);
        for (const auto& unread : others.unknown)
            check.add(UseKind::kUnknown, "who uses its network interface is unknown", unread);
    }
}

std::set<std::string> paths_of(const KernelUsers& users) {
    std::set<std::string> paths;
    for (const auto& user : users.users)
        paths.insert(user.path);
    return paths;
}

void find_block_uses(const Root& root, const KernelUsers& users, const MountTable& mounts,
                     const base::Result<std::vector<Swap>>& swaps, LazyEssentialStorage& essential,
                     std::span<UsageCheck> checks) {
    for (auto& check : checks) {
        find_virtio_mounts(root, mounts, essential, check);
        find_flash_uses(root, mounts, essential, check);
        if (check.subtree.blocks.empty())
            continue;
        check.essential_storage = &essential.get();
        find_kernel_users(root, mounts, users, check);
        find_mounts(root, mounts, check);
        if (swaps)
            find_swaps(root, *swaps, check);
        else
            check.add(UseKind::kUnknown, "its swap areas are unknown", swaps.error().text());
        find_holders(root, check);
        find_contents(root, check);
        check.essential_storage = nullptr;
    }
}

void find_net_uses(const Root& root, const MountTable& mounts, LazyEssentialStorage& essential,
                   std::span<const RunningProgram> programs, std::span<UsageCheck> checks) {
    if (!any_has_net(checks) && !has_fibre_channel(root))
        return;
    NetTables tables = read_net_tables(root);
    name_socket_owners(root, programs, checks, tables);
    for (auto& check : checks) {
        if (has_net(check))
            find_net(tables, check);
    }
    find_storage_sessions(root, tables, mounts, essential, checks);
    find_tunnels(root, tables, checks);
    find_session(root, tables, checks);
    if (root.is_live())
        find_other_namespace_uses(tables, mounts, programs, checks);
    for (auto& check : checks)
        find_hidden_nets(check);
}

/// The uses that mounts and open files tell of: of disks, of nodes, and of network namespaces that
/// a mount or a descriptor keeps.
void find_disk_and_net_uses(const Root& root, const Inventory& inventory,
                            std::span<const RunningProgram> programs,
                            std::span<UsageCheck> checks) {
    if (!any_has_blocks(checks) && !any_has_net(checks) && !has_fibre_channel(root) &&
        std::none_of(checks.begin(), checks.end(),
                     [](const UsageCheck& each) { return has_virtio(each) || has_flash(each); })) {
        (void)find_open_nodes(root, inventory, programs, checks);
        return;
    }
    KernelUsers users = read_kernel_users(root);
    MountTable mounts = read_mounts(root, paths_of(users), programs);
    locate_kernel_users(root, mounts, users);
    const auto swaps = read_swaps(root);
    LazyEssentialStorage essential(root,
                                   swaps ? std::span<const Swap>(*swaps) : std::span<const Swap>());
    find_block_uses(root, users, mounts, swaps, essential, checks);
    for (auto& path : find_open_nodes(root, inventory, programs, checks))
        mounts.net_namespaces.push_back(std::move(path));
    find_net_uses(root, mounts, essential, programs, checks);
}

/// Most readers take a file that cannot be read for an absent one.
void add_lost_reads(const base::LostReads& lost, std::span<UsageCheck> checks) {
    for (auto& check : checks) {
        const bool is_said = std::any_of(check.uses.begin(), check.uses.end(), [](const Use& use) {
            return use.kind == UseKind::kUnknown;
        });
        if (!lost.first().empty() && !is_said)
            check.add(UseKind::kUnknown, "who uses it is not all known", lost.first());
    }
}

}  // namespace

const char* use_kind_name(UseKind kind) {
    switch (kind) {
        case UseKind::kMounted:
            return "mounted";
        case UseKind::kSwap:
            return "swap";
        case UseKind::kHolder:
            return "holder";
        case UseKind::kVfioOpen:
            return "vfio-open";
        case UseKind::kDefaultRoute:
            return "default-route";
        case UseKind::kAddressed:
            return "addressed";
        case UseKind::kEnslaved:
            return "enslaved";
        case UseKind::kSession:
            return "session";
        case UseKind::kOpenFd:
            return "open-fd";
        case UseKind::kConsole:
            return "console";
        case UseKind::kVfsInUse:
            return "vfs-in-use";
        case UseKind::kInput:
            return "input";
        case UseKind::kFirmwareMemory:
            return "firmware-memory";
        case UseKind::kSignature:
            return "signature";
        case UseKind::kUnknown:
            return "unknown-use";
    }
    return "";
}

Usage read_usage(const Root& root, const Inventory& inventory, std::span<const DeviceId> devices) {
    const base::LostReads lost(root.is_live() ? base::LostReads::Denied::kIsExpected
                                              : base::LostReads::Denied::kIsLoss);
    const std::vector<RunningProgram> programs = list_programs(root);
    auto checks = start_checks(root, inventory, devices, programs);
    find_disk_and_net_uses(root, inventory, programs, checks);
    find_last_keyboards(root, checks);
    for (auto& check : checks) {
        find_console(root, check);
        find_vfs(inventory, check);
        find_mdevs(check);
        find_firmware_memory(root, check);
    }
    find_kernel_clients(root, checks);
    find_system_memory(root, checks);
    add_lost_reads(lost, checks);
    Usage usage;
    for (auto& check : checks) {
        std::sort(check.uses.begin(), check.uses.end());
        check.uses.erase(std::unique(check.uses.begin(), check.uses.end()), check.uses.end());
        usage.emplace(check.subtree.device.id, std::move(check.uses));
    }
    return usage;
}

}  // namespace sysfs

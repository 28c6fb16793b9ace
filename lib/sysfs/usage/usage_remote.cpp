// SPDX-License-Identifier: LGPL-2.1-or-later
//
// File systems and disks that are on no disk of this host: a virtio device or a network interface
// is all that the host has of them, and it is as much in use as a disk would be.
#include "sysfs/usage/usage_remote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/dir.hpp"
#include "base/path.hpp"
#include "sysfs/net/captured_routes.hpp"
#include "sysfs/net/l2tp_tunnels.hpp"
#include "sysfs/net/storage_sessions.hpp"
#include "sysfs/usage/usage_block.hpp"
#include "sysfs/usage/usage_net.hpp"

namespace sysfs {
namespace {

/// A virtio device of 9p or virtiofs.
struct VirtioShare {
    std::string device;              ///< "virtio3"
    std::string type;                ///< of its file systems: "9p"
    std::optional<std::string> tag;  ///< absent where the kernel does not show it
};

std::set<std::string> virtio_names(const UsageCheck& check) {
    std::set<std::string> names;
    std::copy_if(check.subtree.bus_names.begin(), check.subtree.bus_names.end(),
                 std::inserter(names, names.end()),
                 [](const std::string& name) { return name.starts_with("virtio"); });
    return names;
}

/// 9pnet_virtio has the attribute mount_tag (p9_mount_tag_show()). virtiofs shows its tags since
/// Linux 6.9 (virtio_fs_add_instance()).
std::vector<VirtioShare> virtio_shares(const Root& root, const std::set<std::string>& devices) {
    if (devices.empty())
        return {};
    std::map<std::string, std::string> tags;
    const std::string instances = root.path("/sys/fs/virtiofs");
    for (const auto& each : base::list_directory(instances)) {
        const auto dir = base::Dir::open(instances + "/" + each);
        if (const auto device = dir ? dir->link_name("device") : std::nullopt)
            tags.emplace(*device, dir->attr("tag").value_or(""));
    }
    std::vector<VirtioShare> shares;
    for (const auto& name : devices) {
        const auto dir = base::Dir::open(root.path("/sys/bus/virtio/devices/" + name));
        const std::string driver = dir ? dir->link_name("driver").value_or("") : "";
        VirtioShare share{.device = name, .type = "9p", .tag = std::nullopt};
        if (dir && (driver == "9pnet_virtio" || dir->has("mount_tag"))) {
            share.tag = dir->attr("mount_tag");
        } else if (driver == "virtiofs" || driver == "virtio_fs" || tags.contains(name)) {
            share.type = "virtiofs";
            if (const auto tag = tags.find(name); tag != tags.end())
                share.tag = tag->second;
        } else {
            continue;
        }
        shares.push_back(std::move(share));
    }
    return shares;
}

bool is_of(const Mount& mount, const VirtioShare& share) {
    return mount.remote && mount.remote->kind == RemoteSource::RemoteKind::kTag &&
           mount.type == share.type && (!share.tag || *share.tag == mount.remote->name);
}

struct HostSession {
    StorageSession session;
    bool is_essential = false;
};

std::vector<HostSession> disk_sessions(const Root& root, LazyEssentialStorage& essential) {
    std::vector<HostSession> sessions;
    for (auto& session : read_disk_sessions(root)) {
        const bool is_essential = essential.get().carriers.contains(session.disk_parent) ||
                                  essential.get().blocks.contains(session.disk_parent);
        if (is_essential || !session.has_no_route())
            sessions.push_back({std::move(session), is_essential});
    }
    return sessions;
}

/// One session for each server; one that the system needs goes before others.
std::vector<HostSession> mount_sessions(const MountTable& mounts, LazyEssentialStorage& essential) {
    std::map<std::string, HostSession> by_peer;
    for (const auto& [number, places] : mounts.mounts) {
        const Mount& mount = places.front();
        if (!mount.remote || mount.remote->kind != RemoteSource::RemoteKind::kAddress)
            continue;
        const HostSession found{
            {fmt::format("{} {} on {}", mount.type, mount.source, mounts.places_text(number)),
             mount.remote->name},
            essential.get().numbers.contains(number)};
        const auto [at, is_new] = by_peer.emplace(mount.remote->name, found);
        if (!is_new && found.is_essential && !at->second.is_essential)
            at->second = found;
    }
    std::vector<HostSession> sessions;
    for (auto& [peer, session] : by_peer)
        sessions.push_back(std::move(session));
    return sessions;
}

void add_session(const HostSession& session, std::string evidence, UsageCheck& check) {
    constexpr const char* kText = "a storage session goes through it";
    if (session.is_essential)
        check.add_essential(UseKind::kSession, kText, std::move(evidence));
    else
        check.add(UseKind::kSession, kText, std::move(evidence));
}

void find_storage_session(const NetTables& tables, const HostSession& found, int link,
                          UsageCheck& check) {
    const StorageSession& session = found.session;
    const auto at = tables.links.find(link);
    if (at == tables.links.end()) {
        if (found.is_essential && !check.subtree.netdevs.empty())
            check.add(UseKind::kUnknown, "the running system may need it",
                      fmt::format("what carries {} is unknown", session.name));
        return;
    }
    if (passes_through(tables, check, link))
        add_session(found,
                    fmt::format("{} to {} by {}", session.name, session.peer, at->second.name),
                    check);
}

int route_from(const Root& root, const NetTables& tables, const std::string& peer) {
    return root.is_live() ? route_to(peer) : captured_route_to(root, tables, peer);
}

}  // namespace

bool has_fibre_channel(const Root& root) {
    return !base::list_directory(root.path("/sys/class/fc_host")).empty();
}

bool has_virtio(const UsageCheck& check) {
    return !virtio_names(check).empty();
}

// Without its tag a virtiofs device may be that of any mounted virtiofs. A layer of the root that
// is out of sight may come through any of them.
void find_virtio_mounts(const Root& root, const MountTable& mounts, LazyEssentialStorage& essential,
                        UsageCheck& check) {
    for (const auto& share : virtio_shares(root, virtio_names(check))) {
        bool is_mounted = false;
        for (const auto& [number, places] : mounts.mounts) {
            if (!is_of(places.front(), share))
                continue;
            is_mounted = true;
            const std::string text = share.tag ? "a file system on it is mounted"
                                               : "a file system that may be on it is mounted";
            std::string evidence =
                fmt::format("{} {} of {} on {}", share.type, places.front().remote->name,
                            share.device, mounts.places_text(number));
            report_mount(number, text, std::move(evidence), essential, check);
        }
        if (!is_mounted && essential.get().has_hidden_layer)
            check.add_essential(
                UseKind::kMounted, "it may have a layer of the root",
                fmt::format("{} {} of {}", share.type, share.tag.value_or("?"), share.device));
        for (const auto& unread : mounts.unknown)
            check.add(UseKind::kUnknown, "its mounts are not all known", unread);
    }
}

void find_storage_sessions(const Root& root, const NetTables& tables, const MountTable& mounts,
                           LazyEssentialStorage& essential, std::span<UsageCheck> checks) {
    std::vector<HostSession> sessions = disk_sessions(root, essential);
    for (auto& session : mount_sessions(mounts, essential))
        sessions.push_back(std::move(session));
    // A disk of FCoE is below its interface (fcoe_ctlr_device_add()), which may be a VLAN.
    for (const auto& [index, link] : tables.links) {
        if (essential.get().carriers.contains(link.name))
            sessions.push_back({{"FCoE", "its target", "", link.name}, true});
    }
    for (const auto& found : sessions) {
        const StorageSession& session = found.session;
        const int link = session.interface.empty() ? route_from(root, tables, session.peer)
                                                   : tables.index_of(session.interface);
        for (auto& check : checks) {
            if (session.host.empty())
                find_storage_session(tables, found, link, check);
            else if (session.host.starts_with(check.subtree.device.syspath + "/"))
                add_session(found, session.name + " through " + base::base_name(session.host),
                            check);
        }
    }
}

void find_tunnels(const Root& root, const NetTables& tables, std::span<UsageCheck> checks) {
    const auto tunnels = root.is_live() ? read_l2tp_tunnels() : captured_l2tp_tunnels(root);
    for (auto& check : checks) {
        if (!tunnels && !check.subtree.netdevs.empty())
            check.add(UseKind::kUnknown, "who uses its network interface is unknown",
                      fmt::format("L2TP: {}", tunnels.error().text()));
        for (const auto& [id, peer] : tunnels.value_or(std::vector<L2tpTunnel>{})) {
            const auto link = tables.links.find(route_from(root, tables, peer));
            if (link != tables.links.end() && passes_through(tables, check, link->first))
                check.add(UseKind::kEnslaved, "another network interface depends on it",
                          fmt::format("the L2TP tunnel {} to {} goes through {}", id, peer,
                                      link->second.name));
        }
    }
}

}  // namespace sysfs

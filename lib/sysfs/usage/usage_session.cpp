// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Finds the device that carries the caller's remote session. SSH_CONNECTION is unreliable: sudo
// drops it, a detached tmux keeps an old one, anyone can set it. So the kernel's tables are read:
// which ancestor of this process (sshd, telnetd, an agent) has an established TCP connection to
// another host, and which interface is the route to that peer? Where the descriptors of an ancestor
// cannot be read (we are not root), or the ancestry ends at a tmux server, the variable counts if
// the connection that it names is established.
#include "sysfs/usage/usage_session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/file_io.hpp"
#include "sysfs/net/tcp_table.hpp"
#include "sysfs/usage/process.hpp"
#include "sysfs/usage/usage_net.hpp"

namespace sysfs {
namespace {

constexpr std::size_t kMaxAncestors = 256;

/// A connection of the session, and its process on this host.
struct SessionConnection {
    TcpConnection connection;
    std::string owner;
};

/// The established connections to other hosts; a kernel without IPv6 has one table.
base::Result<std::vector<TcpConnection>> remote_connections(const Root& root) {
    std::vector<TcpConnection> remote;
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        const auto text = base::read_file(root.path(table));
        if (!text && text.error().code != base::Code::kNotFound)
            return base::propagate(text);
        for (auto& each : parse_tcp_table(text.value_or(""))) {
            if (each.is_remote())
                remote.push_back(std::move(each));
        }
    }
    return remote;
}

std::vector<pid_t> ancestors(const Root& root) {
    std::vector<pid_t> pids;
    std::optional<pid_t> pid = parent_of(root, ::getpid());
    while (pid && *pid > 1 && pids.size() < kMaxAncestors) {
        pids.push_back(*pid);
        pid = parent_of(root, *pid);
    }
    return pids;
}

std::vector<SessionConnection> by_ancestry(const Root& root,
                                           const std::vector<TcpConnection>& connections) {
    std::map<std::uint64_t, const TcpConnection*> by_inode;
    for (const auto& connection : connections)
        by_inode.emplace(connection.inode, &connection);
    std::vector<SessionConnection> sessions;
    for (const pid_t pid : ancestors(root)) {
        for (const auto socket : sockets_of(root, pid)) {
            if (const auto found = by_inode.find(socket); found != by_inode.end())
                sessions.push_back({*found->second, process_text(root, pid)});
        }
    }
    return sessions;
}

/// "192.0.2.7 51022 192.0.2.2 22"; counts only if the connection is established.
std::optional<SessionConnection> by_environment(const std::vector<TcpConnection>& connections) {
    const char* value = std::getenv("SSH_CONNECTION");
    std::istringstream fields(value == nullptr ? "" : value);
    std::string peer, local;
    std::uint16_t peer_port = 0, local_port = 0;
    if (!(fields >> peer >> peer_port >> local >> local_port))
        return std::nullopt;
    const auto found =
        std::find_if(connections.begin(), connections.end(), [&](const TcpConnection& each) {
            return each.peer == peer && each.peer_port == peer_port && each.local == local &&
                   each.local_port == local_port;
        });
    if (found == connections.end())
        return std::nullopt;
    return SessionConnection{*found, "SSH_CONNECTION"};
}

}  // namespace

void find_session(const Root& root, const NetTables& tables, std::span<UsageCheck> checks) {
    if (!root.is_live())
        return;
    const auto connections = remote_connections(root);
    if (!connections) {
        for (auto& check : checks) {
            if (!check.subtree.netdevs.empty())
                check.add(UseKind::kUnknown, "whether your own session comes through it is unknown",
                          connections.error().text());
        }
        return;
    }
    auto sessions = by_ancestry(root, *connections);
    if (auto named = by_environment(*connections); named && sessions.empty())
        sessions.push_back(*std::move(named));
    for (const auto& session : sessions) {
        const int link = route_to(session.connection.peer);
        if (link == 0)
            continue;
        const auto found = tables.links.find(link);
        for (auto& check : checks) {
            if (passes_through(tables, check, link))
                check.add(UseKind::kSession, "your own session comes through it",
                          fmt::format("{} to {} by {}", session.owner, session.connection.peer,
                                      found == tables.links.end() ? "?" : found->second.name));
        }
    }
}

}  // namespace sysfs

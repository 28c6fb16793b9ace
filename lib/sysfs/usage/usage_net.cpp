// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_net.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sysfs/usage/process.hpp"

namespace sysfs {
namespace {

constexpr const char* kUnknownLinkUsers = "who uses its network interface is unknown";

/// Interfaces that depend on the device's, by index, with the kind of dependency. The device's own
/// have an empty text.
using DependentLinks = std::map<int, std::string>;

std::string kind_of(const Link& link) {
    return link.kind.empty() ? "" : " (" + link.kind + ")";
}

/// The next level: the master of a port, and interfaces made on an interface.
DependentLinks direct_dependents(const NetTables& tables, const DependentLinks& from) {
    DependentLinks up;
    for (const auto& [index, how] : from) {
        const auto link = tables.links.find(index);
        if (link == tables.links.end())
            continue;
        const auto master = tables.links.find(link->second.master);
        if (master != tables.links.end())
            up.emplace(master->first, fmt::format("{} is a port of {}{}", link->second.name,
                                                  master->second.name, kind_of(master->second)));
        for (const auto& [other, upper] : tables.links) {
            if ((upper.lower == index || upper.other_lower == index) && other != index &&
                !upper.lower_namespace)
                up.emplace(other, fmt::format("{}{} is made on {}", upper.name, kind_of(upper),
                                              link->second.name));
        }
    }
    return up;
}

/// All that depend on `links`, and these.
DependentLinks with_dependents(const NetTables& tables, DependentLinks links) {
    DependentLinks newest = links;
    while (!newest.empty()) {
        DependentLinks next;
        for (auto& [index, how] : direct_dependents(tables, newest)) {
            if (links.emplace(index, how).second)
                next.emplace(index, how);
        }
        newest = std::move(next);
    }
    return links;
}

DependentLinks dependent_links(const NetTables& tables, const std::vector<std::string>& netdevs) {
    DependentLinks links;
    for (const auto& [index, link] : tables.links) {
        if (std::find(netdevs.begin(), netdevs.end(), link.name) != netdevs.end())
            links.emplace(index, "");
    }
    return with_dependents(tables, std::move(links));
}

std::string with(const std::string& what, const std::string& how) {
    return how.empty() ? what : what + ", " + how;
}

std::string name_of(const NetTables& tables, int index) {
    const auto link = tables.links.find(index);
    return link == tables.links.end() ? std::to_string(index) : link->second.name;
}

void add_user(const LinkUser& user, std::string evidence, UsageCheck& check) {
    switch (user.kind) {
        case LinkUser::LinkUserKind::kSocket:
            return check.add(UseKind::kOpenFd,
                             "a program has a socket on a network interface of it",
                             std::move(evidence));
        case LinkUser::LinkUserKind::kInterface:
            return check.add(UseKind::kEnslaved, "another network interface depends on it",
                             std::move(evidence));
        case LinkUser::LinkUserKind::kConsole:
            return check.add(UseKind::kConsole, "the kernel's messages go through it",
                             std::move(evidence));
    }
}

/// The users of `links`, each with `where` after its evidence.
void add_uses(const NetTables& tables, const DependentLinks& links, const std::string& where,
              UsageCheck& check) {
    for (const auto& route : tables.routes) {
        if (const auto found = links.find(route.link); found != links.end())
            check.add(UseKind::kDefaultRoute, "a default route leaves through it",
                      with(route.text, found->second) + where);
    }
    for (const auto& address : tables.addresses) {
        if (const auto found = links.find(address.link); found != links.end())
            check.add(
                UseKind::kAddressed, "a network interface of it has an address",
                with(address.text + " on " + name_of(tables, address.link), found->second) + where);
    }
    for (const auto& [link, text] : tables.set_routes) {
        if (const auto found = links.find(link); found != links.end())
            check.add(UseKind::kAddressed, "a route leaves through it",
                      with(text, found->second) + where);
    }
    for (const auto& user : tables.users) {
        if (const auto found = links.find(user.link); found != links.end())
            add_user(user, with(user.evidence, found->second) + where, check);
    }
    for (const auto& [index, how] : links) {
        if (!how.empty())
            check.add(UseKind::kEnslaved, "another network interface depends on it", how + where);
    }
    for (const auto& unread : tables.unknown)
        check.add(UseKind::kUnknown, kUnknownLinkUsers, unread + where);
}

// Kinds whose driver does not tell the namespace (rtnl_link_ops::get_link_net) give the index
// alone; it is of no interface there.
bool is_made_on_ours(const OtherNetNamespace& net, const Link& link) {
    if (link.lower_namespace)
        return link.is_made_on_other_namespace() && link.lower_namespace == net.our_id;
    return link.lower != 0 && !net.tables.links.contains(link.lower);
}

}  // namespace

void name_socket_owners(const Root& root, std::span<const RunningProgram> programs,
                        std::span<const UsageCheck> checks, NetTables& tables) {
    std::set<std::uint64_t> sockets;
    for (const auto& check : checks) {
        const DependentLinks links = dependent_links(tables, check.subtree.netdevs);
        for (const auto& user : tables.users) {
            if (user.socket != 0 && links.contains(user.link))
                sockets.insert(user.socket);
        }
    }
    const auto owners = socket_owners(root, programs, sockets);
    for (auto& user : tables.users) {
        if (const auto owner = owners.find(user.socket); owner != owners.end())
            user.evidence = owner->second + " has " + user.evidence;
    }
}

void find_net(const NetTables& tables, UsageCheck& check) {
    add_uses(tables, dependent_links(tables, check.subtree.netdevs), "", check);
}

// An interface in a container's namespace is in use even without an address: it was moved there
// deliberately. So is one that was made on ours and moved: ours has no link to it any more
// (netdev_upper_dev_unlink() of the move), only it says what it is made on.
void find_other_namespace_net(const NetTables& ours, const OtherNetNamespace& net,
                              UsageCheck& check) {
    const std::string where = " in the network namespace of " + net.where;
    const DependentLinks lower = dependent_links(ours, check.subtree.netdevs);
    DependentLinks links;
    for (const auto& [index, link] : net.tables.links) {
        if (!link.parent.empty() && check.subtree.bus_names.contains(link.parent)) {
            links.insert_or_assign(index, "");
            check.subtree.hidden_nets.erase(link.parent);
            check.add(UseKind::kEnslaved, "another network namespace has it", link.name + where);
        } else if (is_made_on_ours(net, link) && lower.contains(link.lower)) {
            links.emplace(index, fmt::format("{}{} is made on {}", link.name, kind_of(link),
                                             name_of(ours, link.lower)));
        }
    }
    if (!links.empty())
        add_uses(net.tables, with_dependents(net.tables, std::move(links)), where, check);
}

void find_hidden_nets(UsageCheck& check) {
    for (const auto& parent : check.subtree.hidden_nets)
        check.add(UseKind::kUnknown, kUnknownLinkUsers,
                  fmt::format("the network interface of {} is in a network namespace that was not "
                              "found",
                              parent));
}

bool passes_through(const NetTables& tables, const UsageCheck& check, int link) {
    return dependent_links(tables, check.subtree.netdevs).contains(link);
}

}  // namespace sysfs

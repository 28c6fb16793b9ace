// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "sysfs/usage_evidence.hpp"

namespace sysfs {
namespace {

/// Interfaces that lose their way out when one of the device's goes: by index, how they hang
/// together with it. The device's own have an empty text.
using Reach = std::map<int, std::string>;

std::string kind_of(const Link& link) {
    return link.kind.empty() ? "" : " (" + link.kind + ")";
}

/// One storey up: the master of a port, and what was made on an interface.
Reach step_up(const NetTables& tables, const Reach& from) {
    Reach up;
    for (const auto& [index, how] : from) {
        const auto link = tables.links.find(index);
        if (link == tables.links.end())
            continue;
        const auto master = tables.links.find(link->second.master);
        if (master != tables.links.end())
            up.emplace(master->first, fmt::format("{} is a port of {}{}", link->second.name,
                                                  master->second.name, kind_of(master->second)));
        for (const auto& [other, upper] : tables.links) {
            if (upper.lower == index && other != index)
                up.emplace(other, fmt::format("{}{} is made on {}", upper.name, kind_of(upper),
                                              link->second.name));
        }
    }
    return up;
}

Reach reach_of(const NetTables& tables, const std::vector<std::string>& netdevs) {
    Reach reach;
    for (const auto& [index, link] : tables.links) {
        if (std::find(netdevs.begin(), netdevs.end(), link.name) != netdevs.end())
            reach.emplace(index, "");
    }
    Reach newest = reach;
    while (!newest.empty()) {
        Reach next;
        for (auto& [index, how] : step_up(tables, newest)) {
            if (reach.emplace(index, how).second)
                next.emplace(index, how);
        }
        newest = std::move(next);
    }
    return reach;
}

std::string with(const std::string& what, const std::string& how) {
    return how.empty() ? what : what + ", " + how;
}

std::string name_of(const NetTables& tables, int index) {
    const auto link = tables.links.find(index);
    return link == tables.links.end() ? std::to_string(index) : link->second.name;
}

}  // namespace

void find_net(const NetTables& tables, Suspect& suspect) {
    const Reach reach = reach_of(tables, suspect.footprint.netdevs);
    for (const auto& route : tables.routes) {
        if (const auto found = reach.find(route.link); found != reach.end())
            suspect.add(UseKind::kDefaultRoute, "a default route leaves through it",
                        with(route.text, found->second));
    }
    for (const auto& address : tables.addresses) {
        if (const auto found = reach.find(address.link); found != reach.end())
            suspect.add(UseKind::kAddressed, "a network interface of it has an address",
                        with(address.text + " on " + name_of(tables, address.link), found->second));
    }
    for (const auto& [index, how] : reach) {
        if (!how.empty())
            suspect.add(UseKind::kEnslaved, "another network interface depends on it", how);
    }
}

// What was moved into a container is used, with an address or without: someone moved it there.
void find_foreign_net(const ForeignNet& net, Suspect& suspect) {
    Suspect there = suspect;
    there.uses.clear();
    there.footprint.netdevs.clear();
    for (const auto& [index, link] : net.tables.links) {
        if (link.parent.empty() || !suspect.footprint.bus_names.contains(link.parent))
            continue;
        there.footprint.netdevs.push_back(link.name);
        there.add(UseKind::kEnslaved, "another network namespace has it", link.name);
    }
    find_net(net.tables, there);
    for (const auto& use : there.uses)
        suspect.add(use.kind, use.text,
                    fmt::format("{} in the network namespace of {}", use.evidence, net.where));
}

bool carries(const NetTables& tables, const Suspect& suspect, int link) {
    return reach_of(tables, suspect.footprint.netdevs).contains(link);
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_net.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace sysfs {
namespace {

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
            if (upper.lower == index && other != index)
                up.emplace(other, fmt::format("{}{} is made on {}", upper.name, kind_of(upper),
                                              link->second.name));
        }
    }
    return up;
}

DependentLinks dependent_links(const NetTables& tables, const std::vector<std::string>& netdevs) {
    DependentLinks links;
    for (const auto& [index, link] : tables.links) {
        if (std::find(netdevs.begin(), netdevs.end(), link.name) != netdevs.end())
            links.emplace(index, "");
    }
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

std::string with(const std::string& what, const std::string& how) {
    return how.empty() ? what : what + ", " + how;
}

std::string name_of(const NetTables& tables, int index) {
    const auto link = tables.links.find(index);
    return link == tables.links.end() ? std::to_string(index) : link->second.name;
}

}  // namespace

void find_net(const NetTables& tables, UsageCheck& check) {
    const DependentLinks links = dependent_links(tables, check.subtree.netdevs);
    for (const auto& route : tables.routes) {
        if (const auto found = links.find(route.link); found != links.end())
            check.add(UseKind::kDefaultRoute, "a default route leaves through it",
                      with(route.text, found->second));
    }
    for (const auto& address : tables.addresses) {
        if (const auto found = links.find(address.link); found != links.end())
            check.add(UseKind::kAddressed, "a network interface of it has an address",
                      with(address.text + " on " + name_of(tables, address.link), found->second));
    }
    for (const auto& [index, how] : links) {
        if (!how.empty())
            check.add(UseKind::kEnslaved, "another network interface depends on it", how);
    }
}

// An interface in a container's namespace is in use even without an address: it was moved there
// deliberately.
void find_other_namespace_net(const OtherNetNamespace& net, UsageCheck& check) {
    UsageCheck there = check;
    there.uses.clear();
    there.subtree.netdevs.clear();
    for (const auto& [index, link] : net.tables.links) {
        if (link.parent.empty() || !check.subtree.bus_names.contains(link.parent))
            continue;
        there.subtree.netdevs.push_back(link.name);
        there.add(UseKind::kEnslaved, "another network namespace has it", link.name);
    }
    find_net(net.tables, there);
    for (const auto& use : there.uses)
        check.add(use.kind, use.text,
                  fmt::format("{} in the network namespace of {}", use.evidence, net.where));
}

bool passes_through(const NetTables& tables, const UsageCheck& check, int link) {
    return dependent_links(tables, check.subtree.netdevs).contains(link);
}

}  // namespace sysfs

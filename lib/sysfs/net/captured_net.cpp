// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/captured_net.hpp"

#include <fmt/format.h>

#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "base/dir.hpp"
#include "sysfs/net/captured_routes.hpp"
#include "sysfs/net/link_users.hpp"

namespace sysfs {
namespace {

/// "DEVTYPE=vlan" of the interface's uevent: the kind, as far as sysfs has one.
std::string kind_of(const base::Dir& net, const std::string& name) {
    constexpr std::string_view kKey = "DEVTYPE=";
    std::istringstream lines(net.attr(name + "/uevent").value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        if (line.starts_with(kKey))
            return line.substr(kKey.size());
    }
    return {};
}

/// The interface below `link`, by its link "lower_eth0". A bridge has such links to its ports too,
/// but those name it as their master.
int lower_of(const base::Dir& net, const NetTables& tables, int index, const Link& link) {
    constexpr std::string_view kPrefix = "lower_";
    const auto entries = net.entries(link.name);
    if (!entries)
        return 0;
    for (const auto& entry : *entries) {
        if (!entry.starts_with(kPrefix))
            continue;
        const auto lower = tables.links.find(tables.index_of(entry.substr(kPrefix.size())));
        if (lower != tables.links.end() && lower->second.master != index)
            return lower->first;
    }
    return 0;
}

void read_links(const base::Dir& net, NetTables& tables) {
    const auto names = net.entries();
    if (!names)
        return;
    for (const auto& name : *names) {
        const auto index = net.number(name + "/ifindex");
        if (index && *index <= std::numeric_limits<int>::max())
            tables.links[static_cast<int>(*index)] = {
                .name = name, .kind = kind_of(net, name), .master = 0, .lower = 0};
    }
    for (auto& [index, link] : tables.links) {
        if (const auto master = net.link_name(link.name + "/master"))
            link.master = tables.index_of(*master);
    }
    for (auto& [index, link] : tables.links)
        link.lower = lower_of(net, tables, index, link);
}

}  // namespace

NetTables read_captured_net(const Root& root) {
    NetTables tables;
    const auto net = base::Dir::open(root.path("/sys/class/net"));
    if (!net)
        return tables;
    read_links(*net, tables);
    read_captured_routes(root, tables);
    read_link_users(root.path("/proc/net"), tables);
    return tables;
}

}  // namespace sysfs

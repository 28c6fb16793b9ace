// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/captured_net.hpp"

#include <fmt/format.h>

#include <limits>
#include <sstream>
#include <string>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "sysfs/device/names.hpp"

namespace sysfs {
namespace {

int index_of(const NetTables& tables, const std::string& name) {
    for (const auto& [index, link] : tables.links) {
        if (link.name == name)
            return index;
    }
    return 0;
}

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
        const auto lower = tables.links.find(index_of(tables, entry.substr(kPrefix.size())));
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
            link.master = index_of(tables, *master);
    }
    for (auto& [index, link] : tables.links)
        link.lower = lower_of(net, tables, index, link);
}

/// /proc/net/route prints addresses as 32-bit words in host byte order. Little-endian is assumed,
/// or a capture that is read on its own architecture: the first byte is the last pair of digits.
std::string gateway_text(const std::string& word) {
    const auto value = base::parse_hex(word, 8);
    if (!value || *value == 0)
        return {};
    return fmt::format(" via {}.{}.{}.{}", *value & 0xff, (*value >> 8) & 0xff,
                       (*value >> 16) & 0xff, *value >> 24);
}

// Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
void read_ipv4_routes(const Root& root, NetTables& tables) {
    std::istringstream lines(base::read_file(root.path("/proc/net/route")).value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string iface, destination, gateway, flags, references, use, metric, mask;
        fields >> iface >> destination >> gateway >> flags >> references >> use >> metric >> mask;
        const int index = index_of(tables, iface);
        if (index != 0 && destination == "00000000" && mask == "00000000")
            tables.routes.push_back({index, "default" + gateway_text(gateway) + " dev " + iface});
    }
}

// destination length source length gateway metric references use flags device
void read_ipv6_routes(const Root& root, NetTables& tables) {
    std::istringstream lines(base::read_file(root.path("/proc/net/ipv6_route")).value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string destination, length, source, source_length, gateway, metric, references, use,
            flags, iface;
        fields >> destination >> length >> source >> source_length >> gateway >> metric >>
            references >> use >> flags >> iface;
        const int index = index_of(tables, iface);
        if (index != 0 && length == "00" && tables.links[index].name != "lo")
            tables.routes.push_back({index, "default (IPv6) dev " + iface});
    }
}

}  // namespace

NetTables read_captured_net(const Root& root) {
    NetTables tables;
    const auto net = base::Dir::open(root.path("/sys/class/net"));
    if (!net)
        return tables;
    read_links(*net, tables);
    read_ipv4_routes(root, tables);
    read_ipv6_routes(root, tables);
    return tables;
}

}  // namespace sysfs

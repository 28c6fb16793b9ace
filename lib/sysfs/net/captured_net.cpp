// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/captured_net.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "sysfs/device/names.hpp"
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

/// /proc/net/route prints addresses as 32-bit words in host byte order. Little-endian is assumed,
/// or a capture that is read on its own architecture: the first byte is the last pair of digits.
std::string gateway_text(const std::string& word) {
    const auto value = base::parse_hex(word, 8);
    if (!value || *value == 0)
        return {};
    return fmt::format(" via {}.{}.{}.{}", *value & 0xff, (*value >> 8) & 0xff,
                       (*value >> 16) & 0xff, *value >> 24);
}

/// One line of /proc/net/route: its numbers are as printed, in host byte order.
struct Ipv4Route {
    std::string iface;
    std::string gateway;
    std::uint32_t destination = 0;
    std::uint32_t mask = 0;
};

// Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
std::vector<Ipv4Route> ipv4_routes(const Root& root) {
    std::vector<Ipv4Route> routes;
    std::istringstream lines(base::read_file(root.path("/proc/net/route")).value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string iface, destination, gateway, flags, references, use, metric, mask;
        fields >> iface >> destination >> gateway >> flags >> references >> use >> metric >> mask;
        const auto to = base::parse_hex(destination, 8);
        const auto bits = base::parse_hex(mask, 8);
        if (to && bits)
            routes.push_back({iface, gateway, *to, *bits});
    }
    return routes;
}

void read_ipv4_routes(const Root& root, NetTables& tables) {
    for (const auto& route : ipv4_routes(root)) {
        const int index = tables.index_of(route.iface);
        if (index != 0 && route.destination == 0 && route.mask == 0)
            tables.routes.push_back(
                {index, "default" + gateway_text(route.gateway) + " dev " + route.iface});
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
        const int index = tables.index_of(iface);
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
    read_link_users(root.path("/proc/net"), tables);
    return tables;
}

int captured_route_to(const Root& root, const NetTables& tables, const std::string& peer) {
    in_addr address{};
    if (::inet_pton(AF_INET, peer.c_str(), &address) != 1) {
        for (const auto& route : tables.routes) {
            if (route.text.starts_with("default (IPv6)"))
                return route.link;
        }
        return 0;
    }
    // On a little-endian host, as gateway_text() assumes, s_addr is the number that is printed.
    const Ipv4Route* best = nullptr;
    const auto routes = ipv4_routes(root);
    for (const auto& route : routes) {
        if ((address.s_addr & route.mask) == route.destination &&
            (best == nullptr || std::popcount(best->mask) < std::popcount(route.mask)))
            best = &route;
    }
    return best == nullptr ? 0 : tables.index_of(best->iface);
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/captured_routes.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include "sysfs/device/names.hpp"
#include "sysfs/net/proc_table.hpp"

namespace sysfs {
namespace {

/// /proc/net/route prints addresses as 32-bit words in host byte order. Little-endian is assumed,
/// or a capture that is read on its own architecture: the first byte is the last pair of digits.
std::string ipv4_text(std::uint32_t word) {
    return fmt::format("{}.{}.{}.{}", word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff,
                       word >> 24);
}

std::string gateway_text(const std::string& word) {
    const auto value = base::parse_hex(word, 8);
    if (!value || *value == 0)
        return {};
    return " via " + ipv4_text(static_cast<std::uint32_t>(*value));
}

/// One line of /proc/net/route: its numbers are as printed, in host byte order.
struct Ipv4Route {
    std::string iface;
    std::string gateway;
    std::uint32_t destination = 0;
    std::uint32_t mask = 0;
};

// Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
std::vector<Ipv4Route> ipv4_routes(const Root& root, std::vector<std::string>& unknown) {
    std::vector<Ipv4Route> routes;
    std::istringstream lines = open_table(root.path("/proc/net/route"), unknown);
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
    for (const auto& route : ipv4_routes(root, tables.unknown)) {
        const int index = tables.index_of(route.iface);
        if (index == 0)
            continue;
        if (route.mask == 0)
            tables.routes.push_back(
                {index, "default" + gateway_text(route.gateway) + " dev " + route.iface});
        else  // the table of addresses does not name interfaces
            tables.addresses.push_back({index, fmt::format("{}/{}", ipv4_text(route.destination),
                                                           std::popcount(route.mask))});
    }
}

/// One line of /proc/net/ipv6_route: destination length source length gateway metric references
/// use flags device. Those of "lo" are our own addresses and what is unreachable.
struct Ipv6Route {
    int link = 0;
    in6_addr destination{};
    unsigned length = 0;

    [[nodiscard]] bool leads_to(const in6_addr& peer) const {
        for (unsigned bit = 0; bit < length; ++bit) {
            const unsigned mask = 0x80U >> bit % 8;
            if ((peer.s6_addr[bit / 8] & mask) != (destination.s6_addr[bit / 8] & mask))
                return false;
        }
        return true;
    }
};

/// "20010db8000000000000000000000001"
std::optional<in6_addr> parse_ipv6_digits(const std::string& digits) {
    in6_addr address{};
    if (digits.size() != 2 * sizeof address)
        return std::nullopt;
    for (std::size_t at = 0; at < sizeof address; ++at) {
        const auto byte = base::parse_hex(digits.substr(2 * at, 2), 2);
        if (!byte)
            return std::nullopt;
        address.s6_addr[at] = static_cast<std::uint8_t>(*byte);
    }
    return address;
}

std::vector<Ipv6Route> ipv6_routes(const Root& root, const NetTables& tables,
                                   std::vector<std::string>& unknown) {
    constexpr std::uint64_t kLongest = 128;
    std::vector<Ipv6Route> routes;
    std::istringstream lines = open_table(root.path("/proc/net/ipv6_route"), unknown);
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string destination, length, source, source_length, gateway, metric, references, use,
            flags, iface;
        fields >> destination >> length >> source >> source_length >> gateway >> metric >>
            references >> use >> flags >> iface;
        const auto to = parse_ipv6_digits(destination);
        const auto bits = base::parse_hex(length, 2);
        const int index = tables.index_of(iface);
        if (to && bits && *bits <= kLongest && index != 0 && iface != "lo")
            routes.push_back({index, *to, static_cast<unsigned>(*bits)});
    }
    return routes;
}

void read_ipv6_routes(const Root& root, NetTables& tables) {
    for (const auto& route : ipv6_routes(root, tables, tables.unknown)) {
        if (route.length == 0)
            tables.routes.push_back(
                {route.link, "default (IPv6) dev " + tables.links[route.link].name});
    }
}

// address index length scope flags device: if6_seq_show(). Each interface that is up has an address
// of the scope "link", which is no sign of use.
void read_ipv6_addresses(const Root& root, NetTables& tables) {
    constexpr std::string_view kLinkScope = "20";
    std::istringstream lines = open_table(root.path("/proc/net/if_inet6"), tables.unknown);
    std::string digits, index, length, scope, flags, iface;
    while (lines >> digits >> index >> length >> scope >> flags >> iface) {
        const auto address = parse_ipv6_digits(digits);
        const auto bits = base::parse_hex(length, 2);
        std::array<char, INET6_ADDRSTRLEN> text{};
        if (address && bits && scope != kLinkScope)
            tables.addresses.push_back(
                {tables.index_of(iface),
                 fmt::format("{}/{}", ::inet_ntop(AF_INET6, &*address, text.data(), text.size()),
                             *bits)});
    }
}

}  // namespace

void read_captured_routes(const Root& root, NetTables& tables) {
    read_ipv4_routes(root, tables);
    read_ipv6_routes(root, tables);
    read_ipv6_addresses(root, tables);
}

int captured_route_to(const Root& root, const NetTables& tables, const std::string& peer) {
    std::vector<std::string> unknown;  // as `tables` has it already
    in6_addr six{};
    if (::inet_pton(AF_INET6, peer.c_str(), &six) == 1) {
        Ipv6Route longest;
        for (const auto& route : ipv6_routes(root, tables, unknown)) {
            if (route.leads_to(six) && (longest.link == 0 || longest.length < route.length))
                longest = route;
        }
        return longest.link;
    }
    in_addr address{};
    if (::inet_pton(AF_INET, peer.c_str(), &address) != 1)
        return 0;
    // On a little-endian host, as gateway_text() assumes, s_addr is the number that is printed.
    const Ipv4Route* best = nullptr;
    const auto routes = ipv4_routes(root, unknown);
    for (const auto& route : routes) {
        if ((address.s_addr & route.mask) == route.destination &&
            (best == nullptr || std::popcount(best->mask) < std::popcount(route.mask)))
            best = &route;
    }
    return best == nullptr ? 0 : tables.index_of(best->iface);
}

}  // namespace sysfs

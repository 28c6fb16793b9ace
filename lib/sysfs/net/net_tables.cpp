// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/net_tables.hpp"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/try.hpp"
#include "sysfs/net/captured_net.hpp"
#include "sysfs/net/kernel_services.hpp"
#include "sysfs/net/link_users.hpp"
#include "sysfs/net/netlink.hpp"

namespace sysfs {
namespace {

struct NetlinkDeleter {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    void operator()(nl_addr* address) const { nl_addr_put(address); }
    void operator()(rtnl_route* route) const { rtnl_route_put(route); }
};
using NlAddress = std::unique_ptr<nl_addr, NetlinkDeleter>;
using NetlinkRoute = std::unique_ptr<rtnl_route, NetlinkDeleter>;

std::string text_of(nl_addr* address) {
    std::array<char, 128> text{};
    return address == nullptr ? std::string() : nl_addr2str(address, text.data(), text.size());
}

template <typename Header>
std::span<const std::byte> bytes_of(const Header& header) {
    return std::as_bytes(std::span(&header, 1));
}

int number_of(const nlattr* attribute) {
    return attribute == nullptr ? 0 : static_cast<int>(nla_get_u32(attribute));
}

std::string string_of(const nlattr* attribute) {
    return attribute == nullptr ? "" : nla_get_string(attribute);
}

// Kinds without ndo_get_iflink() have no IFLA_LINK, or once they were moved to another namespace
// their own index (rtnl_fill_link_netnsid()). Some have attributes for the lower interface.
void set_own_lowers(const nlattr* data, Link& link) {
    constexpr std::array<std::string_view, 7> kWithoutLink = {
        "bareudp", "geneve", "gtp", "hsr", "ppp", "vxlan", "wireguard"};
    if (std::find(kWithoutLink.begin(), kWithoutLink.end(), link.kind) == kWithoutLink.end())
        return;
    const auto find = [data](int attribute) {
        return data == nullptr ? 0
                               : number_of(nla_find(static_cast<nlattr*>(nla_data(data)),
                                                    nla_len(data), attribute));
    };
    link.lower = link.kind == "vxlan" ? find(IFLA_VXLAN_LINK)
                 : link.kind == "hsr" ? find(IFLA_HSR_SLAVE1)
                                      : 0;
    link.other_lower = link.kind == "hsr" ? find(IFLA_HSR_SLAVE2) : 0;
}

// IFLA_PARENT_DEV_NAME (5.14) names the device of an interface in any namespace; sysfs shows
// interfaces of its own namespace only. With IFLA_LINK_NETNSID the lower interface is in another
// namespace, and so is its index.
void add_link(nlmsghdr* header, std::map<int, Link>& links) {
    constexpr int kMaxAttribute = 64;
    std::array<nlattr*, kMaxAttribute + 1> found{};
    if (header->nlmsg_type != RTM_NEWLINK ||
        nlmsg_parse(header, sizeof(ifinfomsg), found.data(), kMaxAttribute, nullptr) < 0)
        return;
    std::array<nlattr*, IFLA_INFO_MAX + 1> info{};
    if (found[IFLA_LINKINFO] != nullptr)
        nla_parse_nested(info.data(), IFLA_INFO_MAX, found[IFLA_LINKINFO], nullptr);
    Link link{.name = string_of(found[IFLA_IFNAME]),
              .kind = string_of(info[IFLA_INFO_KIND]),
              .master = number_of(found[IFLA_MASTER]),
              .lower = number_of(found[IFLA_LINK]),
              .parent = string_of(found[IFLA_PARENT_DEV_NAME])};
    if (found[IFLA_LINK_NETNSID] != nullptr)
        link.lower_namespace = number_of(found[IFLA_LINK_NETNSID]);
    set_own_lowers(info[IFLA_INFO_DATA], link);
    if (found[IFLA_XDP] != nullptr) {  // rtnl_xdp_fill()
        nlattr* data = static_cast<nlattr*>(nla_data(found[IFLA_XDP]));
        const nlattr* attached = nla_find(data, nla_len(found[IFLA_XDP]), IFLA_XDP_ATTACHED);
        link.runs_xdp = attached != nullptr && nla_get_u8(attached) != XDP_ATTACHED_NONE;
    }
    links.insert_or_assign(static_cast<const ifinfomsg*>(nlmsg_data(header))->ifi_index,
                           std::move(link));
}

// Every interface that is up has an IPv6 address of the scope "link". One of IPv4 (169.254.0.0/16)
// was configured.
void add_address(nlmsghdr* header, NetTables& tables) {
    std::array<nlattr*, IFA_MAX + 1> found{};
    const auto* message = static_cast<const ifaddrmsg*>(nlmsg_data(header));
    if (header->nlmsg_type != RTM_NEWADDR ||
        nlmsg_parse(header, sizeof(ifaddrmsg), found.data(), IFA_MAX, nullptr) < 0 ||
        message->ifa_scope >= RT_SCOPE_HOST ||
        (message->ifa_family == AF_INET6 && message->ifa_scope == RT_SCOPE_LINK))
        return;
    const nlattr* local = found[IFA_LOCAL] != nullptr ? found[IFA_LOCAL] : found[IFA_ADDRESS];
    if (local == nullptr)
        return;
    const NlAddress address(nl_addr_alloc_attr(local, message->ifa_family));
    if (address)
        nl_addr_set_prefixlen(address.get(), message->ifa_prefixlen);
    tables.addresses.push_back({static_cast<int>(message->ifa_index), text_of(address.get())});
}

std::string route_text(rtnl_route* route, rtnl_nexthop* hop, const Link* link) {
    std::string text = "default";
    nl_addr* gateway = rtnl_route_nh_get_gateway(hop);
    if (gateway == nullptr)
        gateway = rtnl_route_nh_get_via(hop);
    if (gateway != nullptr)
        text += " via " + text_of(gateway);
    if (link != nullptr)
        text += " dev " + link->name;
    const auto table = rtnl_route_get_table(route);
    return table == RT_TABLE_MAIN ? text : text + fmt::format(" table {}", table);
}

void add_route(rtnl_route* route, NetTables& tables) {
    if (rtnl_route_get_type(route) != RTN_UNICAST)
        return;
    // With the sysctl nexthop_compat_mode=0 only the id of a nexthop object (fib_dump_info()).
    if (rtnl_route_get_nnexthops(route) == 0)
        tables.unknown.emplace_back("where a default route by a nexthop object leads");
    for (int i = 0; i < rtnl_route_get_nnexthops(route); ++i) {
        rtnl_nexthop* hop = rtnl_route_nexthop_n(route, i);
        const int index = rtnl_route_nh_get_ifindex(hop);
        const auto link = tables.links.find(index);
        const Link* known = link == tables.links.end() ? nullptr : &link->second;
        tables.routes.push_back({index, route_text(route, hop, known)});
    }
}

/// The interfaces that a route leads to; none: a nexthop object, by its id alone.
std::vector<int> links_of(const std::array<nlattr*, RTA_MAX + 1>& found) {
    std::vector<int> links;
    if (found[RTA_OIF] != nullptr)
        links.push_back(number_of(found[RTA_OIF]));
    if (found[RTA_MULTIPATH] == nullptr)
        return links;
    const auto* hop = static_cast<const rtnexthop*>(nla_data(found[RTA_MULTIPATH]));
    auto left = static_cast<std::size_t>(nla_len(found[RTA_MULTIPATH]));
    while (left >= sizeof *hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= left) {
        links.push_back(hop->rtnh_ifindex);
        const std::size_t step = std::min<std::size_t>(RTNH_ALIGN(hop->rtnh_len), left);
        hop = reinterpret_cast<const rtnexthop*>(reinterpret_cast<const char*>(hop) + step);
        left -= step;
    }
    return links;
}

// The kernel's own are those of an address, and fe80::/64 of each interface that is up. A router
// has a million routes: of each interface one is enough.
void add_set_route(nlmsghdr* header, const rtmsg& route, NetTables& tables) {
    std::array<nlattr*, RTA_MAX + 1> found{};
    if (route.rtm_type != RTN_UNICAST || route.rtm_protocol == RTPROT_KERNEL ||
        nlmsg_parse(header, sizeof(rtmsg), found.data(), RTA_MAX, nullptr) < 0)
        return;
    const auto links = links_of(found);
    const std::string hidden = "where a route by a nexthop object leads";
    if (links.empty() && found[RTA_NH_ID] != nullptr &&
        std::find(tables.unknown.begin(), tables.unknown.end(), hidden) == tables.unknown.end())
        tables.unknown.push_back(hidden);
    for (const int link : links) {
        const auto known = tables.links.find(link);
        if (tables.set_routes.contains(link) || found[RTA_DST] == nullptr)
            continue;
        const NlAddress to(nl_addr_alloc_attr(found[RTA_DST], route.rtm_family));
        if (to)
            nl_addr_set_prefixlen(to.get(), route.rtm_dst_len);
        tables.set_routes.emplace(
            link,
            text_of(to.get()) + (known == tables.links.end() ? "" : " dev " + known->second.name));
    }
}

void add_any_route(nlmsghdr* header, NetTables& tables) {
    if (header->nlmsg_type != RTM_NEWROUTE || !nlmsg_valid_hdr(header, sizeof(rtmsg)))
        return;
    const auto& route_header = *static_cast<const rtmsg*>(nlmsg_data(header));
    if (route_header.rtm_family != AF_INET && route_header.rtm_family != AF_INET6)
        return;
    if (route_header.rtm_dst_len != 0)
        return add_set_route(header, route_header, tables);
    rtnl_route* parsed = nullptr;
    if (rtnl_route_parse(header, &parsed) != 0)
        return;
    const NetlinkRoute route(parsed);
    add_route(route.get(), tables);
}

base::Result<void> read_addresses(Netlink& netlink, NetTables& tables) {
    ifaddrmsg request{};
    request.ifa_family = AF_UNSPEC;
    return netlink.dump(
        RTM_GETADDR, bytes_of(request), [&tables] { tables.addresses.clear(); },
        [&tables](nlmsghdr* header) { add_address(header, tables); });
}

base::Result<void> read_routes(Netlink& netlink, NetTables& tables) {
    for (const int family : {AF_INET, AF_INET6}) {
        rtmsg request{};
        request.rtm_family = static_cast<unsigned char>(family);
        const std::size_t before = tables.routes.size();
        TRY(netlink.dump(
            RTM_GETROUTE, bytes_of(request), [&tables, before] { tables.routes.resize(before); },
            [&tables](nlmsghdr* header) { add_any_route(header, tables); }));
    }
    return {};
}

// A program may send them anywhere, also to a program's memory.
void add_xdp_programs(NetTables& tables) {
    for (const auto& [index, link] : tables.links) {
        if (link.runs_xdp)
            tables.users.push_back({.kind = LinkUser::LinkUserKind::kInterface,
                                    .link = index,
                                    .evidence = "an XDP program gets the packets of " + link.name});
    }
}

NetTables read_live_net() {
    NetTables tables;
    if (auto links = read_netlink_links())
        tables.links = *std::move(links);
    else
        tables.unknown.push_back("the network interfaces: " + links.error().text());
    read_netlink_uses(tables);
    return tables;
}

}  // namespace

int NetTables::index_of(const std::string& name) const {
    for (const auto& [index, link] : links) {
        if (link.name == name)
            return index;
    }
    return 0;
}

NetTables read_net_tables(const Root& root) {
    NetTables tables = root.is_live() ? read_live_net() : read_captured_net(root);
    read_soft_rdma(root, tables);
    read_netconsole(root, tables);
    return tables;
}

base::Result<std::map<int, Link>> read_netlink_links() {
    Netlink netlink = TRY(Netlink::connect(NETLINK_ROUTE));
    std::map<int, Link> links;
    ifinfomsg request{};
    request.ifi_family = AF_UNSPEC;
    TRY(netlink.dump(
        RTM_GETLINK, bytes_of(request), [&links] { links.clear(); },
        [&links](nlmsghdr* header) { add_link(header, links); }));
    return links;
}

void read_netlink_uses(NetTables& tables) {
    auto netlink = Netlink::connect(NETLINK_ROUTE);
    auto read = netlink ? read_addresses(*netlink, tables) : base::propagate(netlink);
    if (read)
        read = read_routes(*netlink, tables);
    if (!read)
        tables.unknown.push_back("addresses and routes: " + read.error().text());
    read_link_users("/proc/thread-self/net", tables);
    read_redirections(tables);
    read_filters(tables);
    read_xdp_sockets(tables);
    add_xdp_programs(tables);
}

int route_to(const std::string& peer) {
    nl_addr* parsed = nullptr;
    if (nl_addr_parse(peer.c_str(), AF_UNSPEC, &parsed) < 0)
        return 0;
    const NlAddress address(parsed);
    const std::unique_ptr<nl_sock, NetlinkDeleter> socket(nl_socket_alloc());
    rtnl_route* found = nullptr;
    if (!socket || nl_connect(socket.get(), NETLINK_ROUTE) < 0 ||
        rtnl_route_lookup(socket.get(), address.get(), &found) < 0)
        return 0;
    const NetlinkRoute route(found);
    if (rtnl_route_get_nnexthops(route.get()) < 1)
        return 0;
    return rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route.get(), 0));
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/net_tables.hpp"

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>

#include <array>
#include <memory>

#include "sysfs/usage/captured_net.hpp"

namespace sysfs {
namespace {

struct NetlinkDeleter {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    void operator()(nl_cache* cache) const { nl_cache_free(cache); }
    void operator()(nl_addr* address) const { nl_addr_put(address); }
    void operator()(rtnl_route* route) const { rtnl_route_put(route); }
};
using NetlinkSocket = std::unique_ptr<nl_sock, NetlinkDeleter>;
using NetlinkCache = std::unique_ptr<nl_cache, NetlinkDeleter>;
using NlAddress = std::unique_ptr<nl_addr, NetlinkDeleter>;
using NetlinkRoute = std::unique_ptr<rtnl_route, NetlinkDeleter>;

NetlinkSocket connect() {
    NetlinkSocket socket(nl_socket_alloc());
    if (socket && nl_connect(socket.get(), NETLINK_ROUTE) < 0)
        return nullptr;
    return socket;
}

std::string text_of(nl_addr* address) {
    std::array<char, 128> text{};
    return address == nullptr ? std::string() : nl_addr2str(address, text.data(), text.size());
}

void read_links(nl_sock* socket, NetTables& tables) {
    nl_cache* links = nullptr;
    if (rtnl_link_alloc_cache(socket, AF_UNSPEC, &links) < 0)
        return;
    const NetlinkCache owner(links);
    for (nl_object* each = nl_cache_get_first(links); each != nullptr;
         each = nl_cache_get_next(each)) {
        auto* link = reinterpret_cast<rtnl_link*>(each);
        const char* kind = rtnl_link_get_type(link);
        // With a netns id the lower interface is in another namespace, and so is its index.
        std::int32_t foreign = 0;
        const bool here = rtnl_link_get_link_netnsid(link, &foreign) != 0;
        tables.links[rtnl_link_get_ifindex(link)] = {.name = rtnl_link_get_name(link),
                                                     .kind = kind == nullptr ? "" : kind,
                                                     .master = rtnl_link_get_master(link),
                                                     .lower = here ? rtnl_link_get_link(link) : 0};
    }
}

// IFLA_PARENT_DEV_NAME (5.14) names the device of an interface in any namespace; sysfs shows
// interfaces of its own namespace only.
int on_link_message(nl_msg* message, void* where) {
    nlmsghdr* header = nlmsg_hdr(message);
    if (header->nlmsg_type != RTM_NEWLINK || !nlmsg_valid_hdr(header, sizeof(ifinfomsg)))
        return NL_SKIP;
    const nlattr* parent = nlmsg_find_attr(header, sizeof(ifinfomsg), IFLA_PARENT_DEV_NAME);
    auto& links = static_cast<NetTables*>(where)->links;
    const auto link = links.find(static_cast<const ifinfomsg*>(nlmsg_data(header))->ifi_index);
    if (parent != nullptr && link != links.end())
        link->second.parent = nla_get_string(parent);
    return NL_OK;
}

void read_parents(nl_sock* socket, NetTables& tables) {
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_link_message, &tables);
    ifinfomsg request{};
    request.ifi_family = AF_UNSPEC;
    if (nl_send_simple(socket, RTM_GETLINK, NLM_F_DUMP, &request, sizeof request) >= 0)
        nl_recvmsgs_default(socket);
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_DEFAULT, nullptr, nullptr);
}

void read_addresses(nl_sock* socket, NetTables& tables) {
    nl_cache* addresses = nullptr;
    if (rtnl_addr_alloc_cache(socket, &addresses) < 0)
        return;
    const NetlinkCache owner(addresses);
    for (nl_object* each = nl_cache_get_first(addresses); each != nullptr;
         each = nl_cache_get_next(each)) {
        auto* address = reinterpret_cast<rtnl_addr*>(each);
        if (rtnl_addr_get_scope(address) == RT_SCOPE_UNIVERSE)
            tables.addresses.push_back(
                {rtnl_addr_get_ifindex(address), text_of(rtnl_addr_get_local(address))});
    }
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
    for (int i = 0; i < rtnl_route_get_nnexthops(route); ++i) {
        rtnl_nexthop* hop = rtnl_route_nexthop_n(route, i);
        const int index = rtnl_route_nh_get_ifindex(hop);
        const auto link = tables.links.find(index);
        const Link* known = link == tables.links.end() ? nullptr : &link->second;
        tables.routes.push_back({index, route_text(route, hop, known)});
    }
}

// A router has a million routes and one default route: the others are skipped unparsed.
int on_route_message(nl_msg* message, void* where) {
    nlmsghdr* header = nlmsg_hdr(message);
    if (header->nlmsg_type != RTM_NEWROUTE || !nlmsg_valid_hdr(header, sizeof(rtmsg)))
        return NL_SKIP;
    const auto* route_header = static_cast<const rtmsg*>(nlmsg_data(header));
    const bool ip = route_header->rtm_family == AF_INET || route_header->rtm_family == AF_INET6;
    if (!ip || route_header->rtm_dst_len != 0)
        return NL_OK;
    rtnl_route* parsed = nullptr;
    if (rtnl_route_parse(header, &parsed) == 0) {
        const NetlinkRoute route(parsed);
        add_route(route.get(), *static_cast<NetTables*>(where));
    }
    return NL_OK;
}

void read_routes(nl_sock* socket, NetTables& tables) {
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_route_message, &tables);
    for (const int family : {AF_INET, AF_INET6}) {
        rtmsg request{};
        request.rtm_family = static_cast<unsigned char>(family);
        if (nl_send_simple(socket, RTM_GETROUTE, NLM_F_DUMP, &request, sizeof request) >= 0)
            nl_recvmsgs_default(socket);
    }
}

}  // namespace

NetTables read_net_tables(const Root& root) {
    return root.is_live() ? read_netlink_tables() : read_captured_net(root);
}

NetTables read_netlink_tables() {
    NetTables tables;
    const NetlinkSocket socket = connect();
    if (!socket)
        return tables;
    read_links(socket.get(), tables);
    read_parents(socket.get(), tables);
    read_addresses(socket.get(), tables);
    read_routes(socket.get(), tables);
    return tables;
}

int route_to(const std::string& peer) {
    nl_addr* parsed = nullptr;
    if (nl_addr_parse(peer.c_str(), AF_UNSPEC, &parsed) < 0)
        return 0;
    const NlAddress address(parsed);
    const NetlinkSocket socket = connect();
    rtnl_route* found = nullptr;
    if (!socket || rtnl_route_lookup(socket.get(), address.get(), &found) < 0)
        return 0;
    const NetlinkRoute route(found);
    if (rtnl_route_get_nnexthops(route.get()) < 1)
        return 0;
    return rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route.get(), 0));
}

}  // namespace sysfs

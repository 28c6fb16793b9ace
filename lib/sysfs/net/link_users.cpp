// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Some users of a network interface have neither a link of their own nor one to it, and its driver
// can be unbound below them. The kernel tells them in files of /proc/net and by netlink.
#include "sysfs/net/link_users.hpp"

#include <fmt/format.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/xdp_diag.h>
#include <sys/socket.h>

#include <array>
#include <set>
#include <span>
#include <sstream>

#include "base/file_io.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/net/netlink.hpp"
#include "sysfs/net/proc_table.hpp"

namespace sysfs {
namespace {

std::string link_name(const NetTables& tables, int index) {
    const auto link = tables.links.find(index);
    return link == tables.links.end() ? std::to_string(index) : link->second.name;
}

/// The lines of a table after its heading.
std::vector<std::string> table_lines(const std::string& path, NetTables& tables) {
    std::vector<std::string> lines;
    std::istringstream stream = open_table(path, tables.unknown);
    std::string line;
    std::getline(stream, line);
    while (std::getline(stream, line))
        lines.push_back(line);
    return lines;
}

// sk RefCnt Type Proto Iface R Rmem User Inode: packet_seq_show()
void read_packet_sockets(const std::string& dir, NetTables& tables) {
    for (const auto& line : table_lines(dir + "/packet", tables)) {
        std::istringstream fields(line);
        std::string socket, references, type, protocol, running, memory, user, inode;
        int index = 0;
        if (fields >> socket >> references >> type >> protocol >> index >> running >> memory >>
                user >> inode &&
            index != 0)
            tables.users.push_back({.kind = LinkUser::LinkUserKind::kSocket,
                                    .link = index,
                                    .evidence = "a packet socket on " + link_name(tables, index),
                                    .socket = base::parse_decimal(inode).value_or(0)});
    }
}

// device can_id can_mask function userdata matches ident: can_print_rcvlist(). The heading repeats,
// and a device without a receiver has "(can0: no entry)".
void read_can_receivers(const std::string& dir, NetTables& tables) {
    for (const char* list : {"all", "fil", "inv", "sff", "eff", "err"}) {
        for (const auto& line : table_lines(fmt::format("{}/can/rcvlist_{}", dir, list), tables)) {
            std::istringstream fields(line);
            std::string device, id, mask, function, data, matches, kind;
            if (fields >> device >> id >> mask >> function >> data >> matches >> kind &&
                tables.index_of(device) != 0)
                tables.users.push_back(
                    {.kind = LinkUser::LinkUserKind::kSocket,
                     .link = tables.index_of(device),
                     .evidence = fmt::format("a CAN receiver ({}) on {}", kind, device)});
        }
    }
}

// Id Address Device: pppoe_seq_show()
void read_pppoe(const std::string& dir, NetTables& tables) {
    for (const auto& line : table_lines(dir + "/pppoe", tables)) {
        std::istringstream fields(line);
        std::string session, peer, device;
        if (fields >> session >> peer >> device)
            tables.users.push_back(
                {.kind = LinkUser::LinkUserKind::kInterface,
                 .link = tables.index_of(device),
                 .evidence = fmt::format("the PPPoE session {} with {} goes through {}", session,
                                         peer, device)});
    }
}

// Interface BytesIn PktsIn BytesOut PktsOut Flags Local Remote: ipmr_vif_seq_show(), which numbers
// the lines. A program that routes multicast packets has added the interface to the kernel's.
void read_multicast_routers(const std::string& dir, NetTables& tables) {
    for (const char* table : {"/ip_mr_vif", "/ip6_mr_vif"}) {
        for (const auto& line : table_lines(dir + table, tables)) {
            std::istringstream fields(line);
            std::string number, device;
            if (fields >> number >> device && tables.index_of(device) != 0)
                tables.users.push_back({.kind = LinkUser::LinkUserKind::kInterface,
                                        .link = tables.index_of(device),
                                        .evidence = "multicast packets are routed by " + device});
        }
    }
}

/// The target of one action: TCA_ACT_KIND "mirred" and its TCA_MIRRED_PARMS.
int mirred_target(nlattr* action) {
    std::array<nlattr*, TCA_ACT_MAX + 1> parts{};
    std::array<nlattr*, TCA_MIRRED_MAX + 1> options{};
    if (nla_parse_nested(parts.data(), TCA_ACT_MAX, action, nullptr) < 0 ||
        parts[TCA_ACT_KIND] == nullptr || parts[TCA_ACT_OPTIONS] == nullptr ||
        nla_strcmp(parts[TCA_ACT_KIND], "mirred") != 0 ||
        nla_parse_nested(options.data(), TCA_MIRRED_MAX, parts[TCA_ACT_OPTIONS], nullptr) < 0 ||
        options[TCA_MIRRED_PARMS] == nullptr ||
        nla_len(options[TCA_MIRRED_PARMS]) < static_cast<int>(sizeof(tc_mirred)))
        return 0;
    const auto* parameters = static_cast<const tc_mirred*>(nla_data(options[TCA_MIRRED_PARMS]));
    return static_cast<int>(parameters->ifindex);
}

/// A request for all actions of the kind "mirred"; none where the module is not loaded
/// (tc_dump_action()).
NetlinkMessage mirred_request() {
    NetlinkMessage message(nlmsg_alloc_simple(RTM_GETACTION, 0));
    tcamsg header{};
    nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO);
    nlattr* table = nla_nest_start(message.get(), TCA_ACT_TAB);
    nlattr* first = nla_nest_start(message.get(), 1);
    nla_put_string(message.get(), TCA_ACT_KIND, "mirred");
    nla_nest_end(message.get(), first);
    nla_nest_end(message.get(), table);
    return message;
}

/// Dumps into `tables.users`; a kernel that lacks the family has no such users.
void dump_users(int protocol, int type, std::span<const std::byte> request, const char* what,
                NetTables& tables, const Netlink::Visit& visit) {
    const std::size_t before = tables.users.size();
    auto netlink = Netlink::connect(protocol);
    auto read = netlink ? netlink->dump(
                              type, request, [&] { tables.users.resize(before); }, visit)
                        : base::propagate(netlink);
    if (!read && read.error().code != base::Code::kUnsupported)
        tables.unknown.push_back(fmt::format("{}: {}", what, read.error().text()));
}

/// Interfaces whose packets have a place for filters ("clsact", "ingress"), which all others lack.
std::set<int> filtered_links(NetTables& tables) {
    std::set<int> links;
    const tcmsg request{};
    dump_users(NETLINK_ROUTE, RTM_GETQDISC, std::as_bytes(std::span(&request, 1)), "tc queues",
               tables, [&links](nlmsghdr* answer) {
                   const nlattr* kind = nlmsg_find_attr(answer, sizeof(tcmsg), TCA_KIND);
                   if (kind != nullptr &&
                       (nla_strcmp(kind, "clsact") == 0 || nla_strcmp(kind, "ingress") == 0))
                       links.insert(static_cast<const tcmsg*>(nlmsg_data(answer))->tcm_ifindex);
               });
    return links;
}

/// "XDP 1472 2 -1 NI 0 no kernel n n ...": the sockets in use of this namespace.
bool has_xdp_sockets() {
    std::istringstream lines(base::read_file("/proc/thread-self/net/protocols").value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string name, size, sockets;
        if (fields >> name >> size >> sockets && name == "XDP")
            return sockets != "0";
    }
    return false;
}

void add_xdp_socket(nlmsghdr* header, NetTables& tables) {
    std::array<nlattr*, XDP_DIAG_MAX + 1> found{};
    if (nlmsg_parse(header, sizeof(xdp_diag_msg), found.data(), XDP_DIAG_MAX, nullptr) < 0 ||
        found[XDP_DIAG_INFO] == nullptr ||
        nla_len(found[XDP_DIAG_INFO]) < static_cast<int>(sizeof(xdp_diag_info)))
        return;
    const auto* info = static_cast<const xdp_diag_info*>(nla_data(found[XDP_DIAG_INFO]));
    const int index = static_cast<int>(info->ifindex);
    if (index != 0)
        tables.users.push_back(
            {.kind = LinkUser::LinkUserKind::kSocket,
             .link = index,
             .evidence = fmt::format("an XDP socket on queue {} of {}", info->queue_id,
                                     link_name(tables, index)),
             .socket = static_cast<const xdp_diag_msg*>(nlmsg_data(header))->xdiag_ino});
}

}  // namespace

void read_link_users(const std::string& dir, NetTables& tables) {
    read_packet_sockets(dir, tables);
    read_pppoe(dir, tables);
    read_can_receivers(dir, tables);
    read_multicast_routers(dir, tables);
}

void read_redirections(NetTables& tables) {
    const NetlinkMessage request = mirred_request();
    nlmsghdr* header = nlmsg_hdr(request.get());
    const std::span<const std::byte> bytes(static_cast<const std::byte*>(nlmsg_data(header)),
                                           static_cast<std::size_t>(nlmsg_datalen(header)));
    dump_users(NETLINK_ROUTE, RTM_GETACTION, bytes, "tc actions", tables, [&](nlmsghdr* answer) {
        nlattr* table = nlmsg_find_attr(answer, sizeof(tcamsg), TCA_ACT_TAB);
        if (table == nullptr)
            return;
        int left = nla_len(table);
        for (auto* action = static_cast<nlattr*>(nla_data(table)); nla_ok(action, left) != 0;
             action = nla_next(action, &left)) {
            if (const int target = mirred_target(action); target != 0)
                tables.users.push_back(
                    {.kind = LinkUser::LinkUserKind::kInterface,
                     .link = target,
                     .evidence = "tc mirred sends packets to " + link_name(tables, target)});
        }
    });
}

// What they do with packets of the interface (to send them to another one, to a program) is theirs.
void read_filters(NetTables& tables) {
    for (const int link : filtered_links(tables)) {
        bool has_filter = false;
        for (const unsigned place : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
            tcmsg request{};
            request.tcm_ifindex = link;
            request.tcm_parent = TC_H_MAKE(TC_H_CLSACT, place);
            dump_users(NETLINK_ROUTE, RTM_GETTFILTER, std::as_bytes(std::span(&request, 1)),
                       "tc filters", tables, [&has_filter](nlmsghdr*) { has_filter = true; });
        }
        if (has_filter)
            tables.users.push_back(
                {.kind = LinkUser::LinkUserKind::kInterface,
                 .link = link,
                 .evidence = "tc filters the packets of " + link_name(tables, link)});
    }
}

void read_xdp_sockets(NetTables& tables) {
    if (!has_xdp_sockets())
        return;
    xdp_diag_req request{};
    request.sdiag_family = AF_XDP;
    request.xdiag_show = XDP_SHOW_INFO;
    dump_users(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, std::as_bytes(std::span(&request, 1)),
               "XDP sockets", tables, [&](nlmsghdr* answer) { add_xdp_socket(answer, tables); });
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/l2tp_tunnels.hpp"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/l2tp.h>

#include <array>
#include <span>
#include <sstream>

#include "base/file_io.hpp"
#include "base/number.hpp"
#include "base/try.hpp"
#include "sysfs/net/netlink.hpp"

namespace sysfs {
namespace {

base::Result<void> dump_generic(int family, std::uint8_t command, std::uint8_t version,
                                const std::function<void()>& start, const Netlink::Visit& visit) {
    Netlink netlink = TRY(Netlink::connect(NETLINK_GENERIC));
    const genlmsghdr header{.cmd = command, .version = version, .reserved = 0};
    return netlink.dump(family, std::as_bytes(std::span(&header, 1)), start, visit);
}

/// All families are asked for: a request for one by its name would load its module.
base::Result<int> find_family(std::string_view name) {
    int family = 0;
    constexpr std::uint8_t kControlVersion = 1;
    TRY(dump_generic(
        GENL_ID_CTRL, CTRL_CMD_GETFAMILY, kControlVersion, [] {},
        [&](nlmsghdr* answer) {
            const nlattr* id = nlmsg_find_attr(answer, sizeof(genlmsghdr), CTRL_ATTR_FAMILY_ID);
            nlattr* text = nlmsg_find_attr(answer, sizeof(genlmsghdr), CTRL_ATTR_FAMILY_NAME);
            if (id != nullptr && text != nullptr && nla_get_string(text) == name)
                family = nla_get_u16(id);
        }));
    return family;
}

/// The address in an attribute; empty for one that is absent.
std::string address_in(const nlattr* attribute, int family) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
    if (attribute == nullptr || nla_len(attribute) < size ||
        ::inet_ntop(family, nla_data(attribute), text.data(), text.size()) == nullptr)
        return {};
    return text.data();
}

}  // namespace

base::Result<std::vector<L2tpTunnel>> read_l2tp_tunnels() {
    std::vector<L2tpTunnel> tunnels;
    const int family = TRY(find_family(L2TP_GENL_NAME));
    if (family == 0)
        return tunnels;
    TRY(dump_generic(
        family, L2TP_CMD_TUNNEL_GET, L2TP_GENL_VERSION, [&] { tunnels.clear(); },
        [&](nlmsghdr* answer) {
            const auto find = [answer](int attribute) {
                return nlmsg_find_attr(answer, sizeof(genlmsghdr), attribute);
            };
            std::string peer = address_in(find(L2TP_ATTR_IP_DADDR), AF_INET);
            if (peer.empty())
                peer = address_in(find(L2TP_ATTR_IP6_DADDR), AF_INET6);
            const nlattr* id = find(L2TP_ATTR_CONN_ID);
            if (id != nullptr && !peer.empty())
                tunnels.push_back({nla_get_u32(id), std::move(peer)});
        }));
    return tunnels;
}

// "TUNNEL 1 peer 2 from 192.0.2.1 to 192.0.2.9" (l2tp_dfs_seq_tunnel_show())
base::Result<std::vector<L2tpTunnel>> captured_l2tp_tunnels(const Root& root) {
    std::vector<L2tpTunnel> tunnels;
    const auto text = base::read_file(root.path("/sys/kernel/debug/l2tp/tunnels"));
    if (!text && text.error().code != base::Code::kNotFound)
        return base::propagate(text);
    std::istringstream lines(text.value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string word, id, peer, peer_id, from, source, to, address;
        if (fields >> word >> id >> peer >> peer_id >> from >> source >> to >> address &&
            word == "TUNNEL" && to == "to")
            tunnels.push_back(
                {static_cast<std::uint32_t>(base::parse_decimal(id).value_or(0)), address});
    }
    return tunnels;
}

}  // namespace sysfs

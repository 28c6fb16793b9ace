// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// One network interface and the indexes of its master and lower interface (0: none).
struct Link {
    std::string name;
    std::string kind;         ///< "bridge", "bond", "vlan", ...; empty for hardware
    int master = 0;           ///< the bridge, bond, team or vrf it is a port of
    int lower = 0;            ///< the interface a vlan, macvlan, ... was made on
    int other_lower = 0;      ///< the second port of an hsr
    std::string parent = {};  ///< the device it is of ("0000:00:11.0", "virtio1"); by netlink only
    /// The namespace that `lower` is in, by its id here; absent for this namespace.
    std::optional<std::int32_t> lower_namespace = std::nullopt;
    bool runs_xdp = false;  ///< an XDP program gets its packets

    /// Is it made on an interface of another namespace? A veth pair's ends are each other's peers.
    [[nodiscard]] bool is_made_on_other_namespace() const {
        return lower_namespace && kind != "veth" && kind != "netkit";
    }
};

struct Address {
    int link = 0;
    std::string text;  ///< "192.0.2.2/24"
};

/// A default route of any table and family, once per interface it may leave through.
struct DefaultRoute {
    int link = 0;
    std::string text;  ///< "default via 192.0.2.1 dev eth0 table 100"
};

/// A user of an interface that is no interface itself.
struct LinkUser {
    /// A program's socket, something as good as an interface (a PPPoE session, a redirection), or
    /// a console of the kernel.
    enum class LinkUserKind { kSocket, kInterface, kConsole } kind = LinkUserKind::kSocket;
    int link = 0;
    std::string evidence;
    std::uint64_t socket = 0;  ///< the inode of a program's socket
};

/// The network of this network namespace: by netlink on this machine, by sysfs and /proc/net on a
/// captured host (for IPv4 addresses the networks of the main table; of IPv6 all).
struct NetTables {
    std::map<int, Link> links;  ///< by interface index
    std::vector<Address> addresses;
    std::vector<DefaultRoute> routes;
    /// By interface one of the routes that somebody has set and that is no default route: an
    /// interface without an address may carry them ("10.0.0.0/8 dev eth0").
    std::map<int, std::string> set_routes;
    std::vector<LinkUser> users;
    std::vector<std::string> unknown;  ///< what could not be read

    [[nodiscard]] int index_of(const std::string& name) const;  ///< 0: there is no such interface
};

[[nodiscard]] NetTables read_net_tables(const Root& root);

/// By netlink, of the network namespace that the calling thread is in: the interfaces; and the
/// rest.
[[nodiscard]] base::Result<std::map<int, Link>> read_netlink_links();
void read_netlink_uses(NetTables& tables);

/// The interface that packets to `peer` ("192.0.2.7", "2001:db8::1") leave through now; 0: unknown.
[[nodiscard]] int route_to(const std::string& peer);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// One network interface and the indexes of its master and lower interface (0: none).
struct Link {
    std::string name;
    std::string kind;         ///< "bridge", "bond", "vlan", ...; empty for hardware
    int master = 0;           ///< the bridge, bond, team or vrf it is a port of
    int lower = 0;            ///< the interface a vlan, macvlan, ... was made on
    std::string parent = {};  ///< the device it is of ("0000:00:11.0", "virtio1"); by netlink only
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

/// The network of this network namespace: by netlink on this machine, by sysfs and /proc/net on a
/// captured host (no addresses; of IPv4 the main table, of IPv6 all).
struct NetTables {
    std::map<int, Link> links;  ///< by interface index
    std::vector<Address> addresses;
    std::vector<DefaultRoute> routes;
};

[[nodiscard]] NetTables read_net_tables(const Root& root);
/// By netlink: the network namespace that the calling thread is in.
[[nodiscard]] NetTables read_netlink_tables();

/// The interface that packets to `peer` ("192.0.2.7", "2001:db8::1") leave through now; 0: unknown.
[[nodiscard]] int route_to(const std::string& peer);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>

#include "sysfs/usage/net_tables.hpp"
#include "sysfs/usage/usage_net.hpp"
#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using sysfs::NetTables;
using sysfs::UsageCheck;

UsageCheck device_with(const std::string& netdev) {
    UsageCheck check;
    check.subtree.netdevs = {netdev};
    return check;
}

std::string uses(const NetTables& tables, const std::string& netdev) {
    UsageCheck check = device_with(netdev);
    sysfs::find_net(tables, check);
    std::sort(check.uses.begin(), check.uses.end());
    return use_lines(check.uses);
}

NetTables bonded() {
    NetTables tables;
    tables.links = {{1, {.name = "lo", .kind = {}, .master = 0, .lower = 0, .parent = {}}},
                    {2, {.name = "eth0", .kind = {}, .master = 4, .lower = 0, .parent = {}}},
                    {3, {.name = "eth1", .kind = {}, .master = 0, .lower = 0, .parent = {}}},
                    {4, {.name = "bond0", .kind = "bond", .master = 0, .lower = 0, .parent = {}}},
                    {5, {.name = "bond0.7", .kind = "vlan", .master = 6, .lower = 4, .parent = {}}},
                    {6, {.name = "br7", .kind = "bridge", .master = 0, .lower = 0, .parent = {}}}};
    tables.addresses = {{3, "192.0.2.3/24"}, {6, "2001:db8::7/64"}};
    tables.routes = {{6, "default via 2001:db8::1 dev br7"}, {0, "default via 192.0.2.9"}};
    return tables;
}

TEST(UsageNet, FindsNoUseOfAnIdleInterface) {
    NetTables tables = bonded();
    tables.links[7] = {.name = "eth2", .kind = {}, .master = 0, .lower = 0, .parent = {}};
    EXPECT_EQ("", uses(tables, "eth2"));
}

TEST(UsageNet, FindsAnAddressOnTheInterfaceItself) {
    EXPECT_EQ("addressed: 192.0.2.3/24 on eth1\n", uses(bonded(), "eth1"));
}

TEST(UsageNet, FollowsBondVlanAndBridgeUpToTheDefaultRoute) {
    EXPECT_EQ(
        "default-route: default via 2001:db8::1 dev br7, bond0.7 is a port of br7 (bridge)\n"
        "addressed: 2001:db8::7/64 on br7, bond0.7 is a port of br7 (bridge)\n"
        "enslaved: bond0.7 (vlan) is made on bond0\n"
        "enslaved: bond0.7 is a port of br7 (bridge)\n"
        "enslaved: eth0 is a port of bond0 (bond)\n",
        uses(bonded(), "eth0"));
}

TEST(UsageNet, FindsAnInterfaceThatAContainerHas) {
    sysfs::OtherNetNamespace net{.where = "nginx (pid 412)", .tables = {}};
    net.tables.links = {
        {2, {.name = "eth0", .kind = {}, .master = 0, .lower = 0, .parent = "virtio1"}},
        {3, {.name = "eth1", .kind = {}, .master = 0, .lower = 0, .parent = "0000:00:04.0"}}};
    net.tables.addresses = {{2, "10.1.0.5/16"}, {3, "10.2.0.5/16"}};
    UsageCheck check;
    check.subtree.bus_names = {"0000:00:03.0", "virtio1"};
    sysfs::find_other_namespace_net(net, check);
    std::sort(check.uses.begin(), check.uses.end());
    EXPECT_EQ(
        "addressed: 10.1.0.5/16 on eth0 in the network namespace of nginx (pid 412)\n"
        "enslaved: eth0 in the network namespace of nginx (pid 412)\n",
        use_lines(check.uses));
}

TEST(UsageNet, EndsWhenInterfacesFormACycle) {
    NetTables tables;
    tables.links = {{2, {.name = "a", .kind = "veth", .master = 0, .lower = 3, .parent = {}}},
                    {3, {.name = "b", .kind = "veth", .master = 0, .lower = 2, .parent = {}}}};
    EXPECT_EQ("enslaved: b (veth) is made on a\n", uses(tables, "a"));
}

TEST(UsageNet, ReadsACapturedHostsRoutesAndMasters) {
    UsageTree tree;
    sysfs::Device nic = tree.pci("0000:00:03.0");
    const std::string net = nic.syspath + "/virtio0/net/eth0";
    tree.file(net + "/ifindex", "2\n").link("/sys/class/net/eth0", tree.path(net));
    tree.file("/sys/devices/virtual/net/br0/ifindex", "3\n");
    tree.file("/sys/devices/virtual/net/br0/uevent", "DEVTYPE=bridge\nINTERFACE=br0\n");
    tree.link("/sys/class/net/br0", tree.path("/sys/devices/virtual/net/br0"));
    tree.file("/sys/devices/virtual/net/br0.5/ifindex", "4\n");
    tree.file("/sys/devices/virtual/net/br0.5/uevent", "DEVTYPE=vlan\nINTERFACE=br0.5\n");
    tree.link("/sys/class/net/br0.5", tree.path("/sys/devices/virtual/net/br0.5"));
    tree.link("/sys/devices/virtual/net/br0.5/lower_br0", "../br0");
    tree.link("/sys/devices/virtual/net/br0/lower_eth0", "../eth0");
    tree.link(net + "/master", "../../../../../virtual/net/br0");
    tree.file(
        "/proc/net/route",
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "br0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "br0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
    tree.file("/proc/net/ipv6_route",
              "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
              "fd000000000000000000000000000001 00000400 00000001 00000000 00000003 br0.5\n"
              "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
              "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo\n");
    EXPECT_EQ(
        "default-route: default (IPv6) dev br0.5, br0.5 (vlan) is made on br0\n"
        "default-route: default via 192.0.2.1 dev br0, eth0 is a port of br0 (bridge)\n"
        "enslaved: br0.5 (vlan) is made on br0\n"
        "enslaved: eth0 is a port of br0 (bridge)\n",
        tree.usage(nic));
}

}  // namespace

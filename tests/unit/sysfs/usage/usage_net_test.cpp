// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "sysfs/net/net_tables.hpp"
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
    sysfs::find_other_namespace_net({}, net, check);
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
        "addressed: 192.0.2.0/24 on br0, eth0 is a port of br0 (bridge)\n"
        "enslaved: br0.5 (vlan) is made on br0\n"
        "enslaved: eth0 is a port of br0 (bridge)\n",
        tree.usage(nic));
}

sysfs::OtherNetNamespace container_on(int lower, std::optional<std::int32_t> lower_namespace) {
    sysfs::OtherNetNamespace net{.where = "nginx (pid 412)", .tables = {}};
    net.tables.links = {{1, {.name = "lo", .kind = {}}},
                        {7,
                         {.name = "eth0",
                          .kind = "macvlan",
                          .master = 0,
                          .lower = lower,
                          .parent = {},
                          .lower_namespace = lower_namespace}},
                        {8, {.name = "eth0.5", .kind = "vlan", .master = 0, .lower = 7}}};
    net.tables.addresses = {{8, "10.1.0.5/16"}};
    net.our_id = 3;
    return net;
}

std::string container_uses(const sysfs::OtherNetNamespace& net) {
    UsageCheck check = device_with("eth0");
    sysfs::find_other_namespace_net(bonded(), net, check);
    std::sort(check.uses.begin(), check.uses.end());
    return use_lines(check.uses);
}

TEST(UsageNet, FindsAMacvlanThatAContainerHas) {
    constexpr const char* kUses =
        "addressed: 10.1.0.5/16 on eth0.5, eth0.5 (vlan) is made on eth0 in the network namespace "
        "of nginx (pid 412)\n"
        "enslaved: eth0 (macvlan) is made on eth0 in the network namespace of nginx (pid 412)\n"
        "enslaved: eth0.5 (vlan) is made on eth0 in the network namespace of nginx (pid 412)\n";
    EXPECT_EQ(kUses, container_uses(container_on(2, 3)));
    EXPECT_EQ(kUses, container_uses(container_on(2, std::nullopt)))
        << "a kind that does not tell the namespace";
}

TEST(UsageNet, FollowsABondAndItsVlanIntoAContainer) {
    EXPECT_EQ(
        "addressed: 10.1.0.5/16 on eth0.5, eth0.5 (vlan) is made on eth0 in the network namespace "
        "of nginx (pid 412)\n"
        "enslaved: eth0 (macvlan) is made on bond0.7 in the network namespace of nginx (pid 412)\n"
        "enslaved: eth0.5 (vlan) is made on eth0 in the network namespace of nginx (pid 412)\n",
        container_uses(container_on(5, 3)));
}

TEST(UsageNet, OmitsAnInterfaceOfAContainerThatIsMadeElsewhere) {
    EXPECT_EQ("", container_uses(container_on(3, 3))) << "on eth1";
    EXPECT_EQ("", container_uses(container_on(2, 4))) << "on an eth0 of a third namespace";
    EXPECT_EQ("", container_uses(container_on(1, std::nullopt))) << "on its own lo";
    sysfs::OtherNetNamespace net = container_on(2, 3);
    net.tables.links[7].kind = "veth";
    EXPECT_EQ("", container_uses(net)) << "the peer of an eth0 that is a veth";
}

TEST(UsageNet, DoesNotKnowWhatItCouldNotRead) {
    NetTables tables = bonded();
    tables.unknown = {"addresses and routes: netlink: read: Dump inconsistency detected"};
    EXPECT_EQ(
        "addressed: 192.0.2.3/24 on eth1\n"
        "unknown-use: addresses and routes: netlink: read: Dump inconsistency detected\n",
        uses(tables, "eth1"));
}

/// A virtio NIC with the interface eth0, of index 2, on a captured host.
class UsageCapturedNet : public ::testing::Test {
  protected:
    UsageCapturedNet() {
        tree_.file(net_ + "/eth0/ifindex", "2\n");
        tree_.link("/sys/class/net/eth0", tree_.path(net_ + "/eth0"));
    }

    UsageTree tree_;
    sysfs::Device nic_ = tree_.pci("0000:00:03.0");
    std::string net_ = nic_.syspath + "/virtio0/net";
};

TEST_F(UsageCapturedNet, FindsPacketSockets) {
    tree_.file("/proc/net/packet",
               "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
               "0000000000000000 3      3    88cc   2     1 0      0      4711  \n"
               "0000000000000000 3      2    0003   0     1 0      0      4712  \n"
               "0000000000000000 3      2    0003   3     1 0      0      4713  \n");
    tree_.process(77, "lldpd").open_file(77, 9, "socket:[4711]");
    EXPECT_EQ("open-fd: lldpd (pid 77) has a packet socket on eth0\n", tree_.usage(nic_));
}

TEST_F(UsageCapturedNet, FindsPppoeSessions) {
    tree_.file("/proc/net/pppoe",
               "Id       Address              Device\n"
               "00000012 52:54:00:12:34:56     eth0\n"
               "00000013 52:54:00:12:34:57     eth1\n");
    EXPECT_EQ("enslaved: the PPPoE session 00000012 with 52:54:00:12:34:56 goes through eth0\n",
              tree_.usage(nic_));
}

TEST_F(UsageCapturedNet, FindsRdmaInSoftware) {
    const std::string rxe = "/sys/class/infiniband/rxe0/ports/1/gid_attrs/ndevs/";
    tree_.file(rxe + "0", "eth0\n").file(rxe + "1", "");
    EXPECT_EQ("enslaved: the RDMA device rxe0 is made on eth0\n", tree_.usage(nic_));
}

TEST_F(UsageCapturedNet, FindsStorageSessionsByTheirRoute) {
    tree_.file("/sys/class/nvme/nvme3/transport", "tcp\n")
        .file("/sys/class/nvme/nvme3/address", "traddr=198.51.100.9,trsvcid=4420\n");
    tree_.file("/sys/class/nvme/nvme0/transport", "pcie\n")
        .file("/sys/class/nvme/nvme0/address", "0000:01:00.0\n");
    tree_.file("/sys/class/iscsi_connection/connection1:0/address", "192.0.2.5\n");
    tree_.file("/proc/net/route",
               "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
               "eth1\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\n"
               "eth0\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n");
    EXPECT_EQ(
        "addressed: 198.51.100.0/24 on eth0\n"
        "session: nvme3 (tcp) to 198.51.100.9 by eth0\n",
        tree_.usage(nic_));
}

TEST(UsageNet, DoesNotKnowAnInterfaceThatIsOutOfSight) {
    UsageTree tree;
    const sysfs::Device nic = tree.pci("0000:00:03.0");
    std::filesystem::create_directories(tree.path(nic.syspath + "/virtio0/net"));
    EXPECT_EQ(
        "unknown-use: the network interface of virtio0 is in a network namespace that was not "
        "found\n",
        tree.usage(nic));
}

/// Three subchannels with a channel each, and the qeth device that they make up.
class UsageQeth : public ::testing::Test {
  protected:
    enum class Links { kOfChannels, kOfGroup };

    void make(Links links) {
        const std::string group = "/sys/devices/qeth/0.0.f500";
        tree_.file(group + "/net/encf500/ifindex", "2\n");
        tree_.link("/sys/class/net/encf500", tree_.path(group + "/net/encf500"));
        tree_.link("/sys/bus/ccwgroup/devices/0.0.f500", "../../../devices/qeth/0.0.f500");
        tree_.file("/proc/net/route",
                   "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
                   "encf500\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n");
        for (int i = 0; i < 4; ++i) {
            const std::string number = std::to_string(i);
            const std::string channel = "css0/0.0.000" + number + "/0.0.f50" + number;
            tree_.file("/sys/devices/" + channel + "/uevent", "");
            if (i < 3 && links == Links::kOfChannels)
                tree_.link("/sys/devices/" + channel + "/group_device", "../../../qeth/0.0.f500");
            else if (i < 3)
                tree_.link(group + "/cdev" + number, "../../" + channel);
        }
    }

    [[nodiscard]] std::string usage(int subchannel) const {
        sysfs::Device device;
        device.id = {"css", "0.0.000" + std::to_string(subchannel)};
        device.syspath = "/sys/devices/css0/" + device.id.name;
        return tree_.usage(device);
    }

    UsageTree tree_;
};

TEST_F(UsageQeth, FindsTheUseOfTheGroupDeviceForEachSubchannel) {
    constexpr const char* kRoute = "default-route: default via 192.0.2.1 dev encf500\n";
    make(Links::kOfChannels);
    EXPECT_EQ(kRoute, usage(0));
    EXPECT_EQ(kRoute, usage(1));
    EXPECT_EQ(kRoute, usage(2));
    EXPECT_EQ("", usage(3)) << "it is no part of the group";
}

TEST_F(UsageQeth, FindsTheGroupDeviceByItsOwnLinks) {
    constexpr const char* kRoute = "default-route: default via 192.0.2.1 dev encf500\n";
    make(Links::kOfGroup);
    EXPECT_EQ(kRoute, usage(0));
    EXPECT_EQ(kRoute, usage(2));
    EXPECT_EQ("", usage(3));
}

}  // namespace

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan.hpp"

#include <gtest/gtest.h>

#include "policy/plan_mdevs.hpp"
#include "tests/unit/policy/world.hpp"

namespace {

using fake::Host;
using policy_test::World;
using sysfs::UseKind;

constexpr const char* kGpu = "0000:01:00.0";
constexpr const char* kSound = "0000:01:00.1";

Host nic_host() {
    Host host;
    host.pci("0000:02:00.0").nic().group(7).driver("e1000e").netdev("eth0");
    return host;
}

constexpr const char* kTakeNics = "rules: [{name: nics, match: {class: network}, driver: auto}]";

TEST(Plan, WithoutRulesThereIsNothingToDo) {
    EXPECT_EQ(World(nic_host(), "rules: []").plan(), "");
}

TEST(Plan, MovesADeviceFromItsNativeDriverToVfio) {
    EXPECT_EQ(World(nic_host(), kTakeNics).plan(),
              "group 7: change\n"
              "  load_module 0000:02:00.0 vfio_pci\n"
              "  set_override 0000:02:00.0 vfio-pci\n"
              "  unbind 0000:02:00.0 e1000e\n"
              "  bind 0000:02:00.0 vfio-pci\n");
}

TEST(Plan, DescribesTheChangeForWhoeverCarriesItOut) {
    Host host = nic_host();
    host.with_variants().pci("0000:02:00.0").vendor("1af4", "1041").override_("foreign");
    const World world(host,
                      "rules:\n- name: nics\n  match: {class: network}\n  driver: auto\n"
                      "  access: {owner: root, group: kvm, mode: '0660'}\n  check: open");
    const policy::Plan plan = world.make_plan();
    ASSERT_EQ(plan.transactions.size(), 1U);
    ASSERT_EQ(plan.transactions[0].changes.size(), 1U);
    const policy::Change& change = plan.transactions[0].changes[0];
    EXPECT_EQ(change.target.id, fake::pci_id("0000:02:00.0"));
    EXPECT_EQ(change.target.identity, world.device("0000:02:00.0").identity());
    EXPECT_EQ(change.from_driver, "e1000e");
    EXPECT_EQ(change.from_override, "foreign");
    EXPECT_EQ(change.to, policy::Change::To::kChain);
    EXPECT_EQ(change.candidates.size(), 2U);
    EXPECT_FALSE(change.taken_along);
    EXPECT_EQ(change.rule, "nics");
    EXPECT_EQ(change.where, "p.yaml:2");
    EXPECT_EQ(world.plan(),
              "group 7: change\n"
              "  load_module 0000:02:00.0 virtio_vfio_pci\n"
              "  set_override 0000:02:00.0 [virtio_vfio_pci]\n"
              "  unbind 0000:02:00.0 e1000e\n"
              "  bind 0000:02:00.0 [virtio_vfio_pci]\n"
              "  set_access 0000:02:00.0 root:kvm 0660\n"
              "  check_open 0000:02:00.0\n");
}

TEST(Plan, OrdersTransactionsByGroupThenThoseWithout) {
    Host host;
    host.noiommu();
    host.pci("0000:0a:00.0").nic();
    host.pci("0000:09:00.0").nic();
    host.pci("0000:08:00.0").nic().group(12);
    host.pci("0000:07:00.0").nic().group(101);
    const auto plan = World(host, kTakeNics).make_plan();
    std::vector<std::string> keys;
    for (const auto& transaction : plan.transactions)
        keys.push_back(transaction.key());
    EXPECT_EQ(keys, (std::vector<std::string>{"group 12", "group 101", "pci/0000:09:00.0",
                                              "pci/0000:0a:00.0"}));
}

TEST(Plan, LeavesAConflictAsItIsAndNamesBothRules) {
    EXPECT_EQ(World(nic_host(),
                    "rules:\n- {name: a, match: {class: network}, driver: auto}\n"
                    "- {name: b, match: {netdev: eth0}, driver: none}")
                  .plan(),
              "group 7: conflict\n"
              "  ! ambiguous 0000:02:00.0: rule a (p.yaml:2) and rule b (p.yaml:3) ask for "
              "different things at priority 0\n");
}

TEST(Plan, AProtectedDeviceIsNotPlanned) {
    const std::string rules =
        "rules:\n- {name: a, match: {class: network}, driver: auto}\n"
        "- {name: never, match: {netdev: eth0}, protect: true}";
    World world(nic_host(), rules);
    EXPECT_EQ(world.plan(), "");
    policy::Rule asked;
    asked.name = "bind";
    asked.driver = policy::DriverWish{};
    world.ask("0000:02:00.0", asked);
    EXPECT_EQ(world.plan(),
              "group 7: refused\n"
              "  ! protected 0000:02:00.0: protected by rule never (p.yaml:3)\n");
}

// Idempotence.

TEST(Plan, ADeviceOnTheWantedDriverIsLeftAlone) {
    Host host = nic_host();
    host.pci("0000:02:00.0").vfio("vfio-pci", "vfio0");
    EXPECT_EQ(World(host, kTakeNics).plan(), "group 7: ok\n");
}

TEST(Plan, ADeviceOnALaterCandidateOfTheChainDoesNotFlap) {
    Host host = nic_host();
    host.with_variants().pci("0000:02:00.0").vendor("1af4", "1041").vfio("vfio-pci");
    EXPECT_EQ(World(host, kTakeNics).plan(), "group 7: ok\n");
}

TEST(Plan, ADeviceBoundThroughIdsWithoutAnOverrideIsBoundAsWanted) {
    Host host = nic_host();
    host.pci("0000:02:00.0").driver("vfio-pci");
    EXPECT_EQ(World(host, kTakeNics).plan(), "group 7: ok\n");
}

TEST(Plan, AVendorsDriverThatServesVfioItselfIsLeftAlone) {
    Host host = nic_host();
    host.pci("0000:02:00.0").vfio("nvidia", "vfio1");
    EXPECT_EQ(World(host, kTakeNics).plan(), "group 7: ok\n");
    EXPECT_EQ(World(host, "rules: [{name: nics, match: {class: network}, driver: vfio-pci}]")
                  .make_plan()
                  .transactions.at(0)
                  .verdict,
              policy::Verdict::kChange);
}

TEST(Plan, AnOverrideThatIsRightAlreadyIsNotWrittenAgain) {
    Host host = nic_host();
    host.registered("pci", "vfio-pci", "vfio_pci");
    host.pci("0000:02:00.0").unbound().override_("vfio-pci");
    EXPECT_EQ(World(host, kTakeNics).plan(),
              "group 7: change\n"
              "  bind 0000:02:00.0 vfio-pci\n");
}

TEST(Plan, AForeignOverrideIsReplacedAndRemembered) {
    Host host = nic_host();
    host.registered("pci", "vfio-pci", "vfio_pci");
    host.pci("0000:02:00.0").unbound().override_("uio_pci_generic");
    const World world(host, kTakeNics);
    EXPECT_EQ(world.plan(),
              "group 7: change\n"
              "  set_override 0000:02:00.0 vfio-pci\n"
              "  bind 0000:02:00.0 vfio-pci\n");
    EXPECT_EQ(world.make_plan().transactions[0].changes[0].from_override, "uio_pci_generic");
}

// host and none.

TEST(Plan, NoneUnbindsAndKeepsEveryDriverAway) {
    EXPECT_EQ(
        World(nic_host(), "rules: [{name: nics, match: {class: network}, driver: none}]").plan(),
        "group 7: change\n"
        "  set_override 0000:02:00.0 none\n"
        "  unbind 0000:02:00.0 e1000e\n");
    Host host = nic_host();
    host.pci("0000:02:00.0").unbound().override_("none");
    EXPECT_EQ(World(host, "rules: [{name: nics, match: {class: network}, driver: none}]").plan(),
              "group 7: ok\n");
}

TEST(Plan, HostGivesADeviceBack) {
    const std::string rules = "rules: [{name: h, match: {class: network}, driver: host}]";
    Host host = nic_host();
    EXPECT_EQ(World(host, rules).plan(), "group 7: ok\n");
    host.pci("0000:02:00.0").vfio("vfio-pci");
    EXPECT_EQ(World(host, rules).plan(),
              "group 7: change\n"
              "  clear_override 0000:02:00.0\n"
              "  unbind 0000:02:00.0 vfio-pci\n"
              "  bind 0000:02:00.0\n");
}

TEST(Plan, HostOnlyClearsAnOverrideThatWaitsForTheNextBind) {
    const std::string rules = "rules: [{name: h, match: {class: network}, driver: host}]";
    Host host = nic_host();
    host.pci("0000:02:00.0").override_("vfio-pci");
    EXPECT_EQ(World(host, rules).plan(),
              "group 7: change\n"
              "  clear_override 0000:02:00.0\n");
}

TEST(Plan, HostLeavesAForeignNativeOverrideAndAnUnboundDeviceAlone) {
    const std::string rules = "rules: [{name: h, match: {class: network}, driver: host}]";
    Host host = nic_host();
    host.pci("0000:02:00.0").override_("e1000e");
    EXPECT_EQ(World(host, rules).plan(), "group 7: ok\n");
    Host bare;
    bare.pci("0000:02:00.0").nic().group(7);
    EXPECT_EQ(World(bare, rules).plan(), "group 7: ok\n");
}

// What the kernel would refuse.

TEST(Plan, RefusesABridge) {
    Host host;
    host.pci("0000:00:01.0").bridge().group(1);
    EXPECT_EQ(World(host, "rules: [{name: b, match: {class: bridge}, driver: auto}]").plan(),
              "group 1: refused\n"
              "  ! bridge 0000:00:01.0: is a bridge, and VFIO takes none (header type 1)\n");
}

TEST(Plan, RefusesVfioWithoutAnIommuGroup) {
    Host host;
    host.no_iommu().pci(kGpu).gpu();
    const std::string rules = "rules: [{name: g, match: {class: display}, driver: auto}]";
    EXPECT_EQ(World(host, rules).plan(),
              "pci/0000:01:00.0: refused\n"
              "  ! no-iommu 0000:01:00.0: is in no IOMMU group (the host has no IOMMU enabled)\n");
    host.noiommu();
    EXPECT_EQ(World(host, rules).make_plan().transactions[0].verdict, policy::Verdict::kChange);
}

TEST(Plan, ADriverThatIsNotVfiosNeedsNoIommu) {
    Host host;
    host.no_iommu().module("uio_pci_generic", sysfs::ModuleState::kAvailable).pci(kGpu).gpu();
    EXPECT_EQ(
        World(host, "rules: [{name: g, match: {class: display}, driver: uio_pci_generic}]").plan(),
        "pci/0000:01:00.0: change\n"
        "  load_module 0000:01:00.0 uio_pci_generic\n"
        "  set_override 0000:01:00.0 uio_pci_generic\n"
        "  bind 0000:01:00.0 uio_pci_generic\n");
}

TEST(Plan, RefusesWhenNoDriverOfTheChainCanBeHad) {
    Host host = nic_host();
    EXPECT_EQ(
        World(host, "rules: [{name: nics, match: {class: network}, driver: vfio-pci-igd}]").plan(),
        "group 7: refused\n"
        "  ! no-driver 0000:02:00.0: no driver of the chain can be had (vfio-pci-igd: this "
        "kernel has no driver vfio-pci-igd)\n");
}

TEST(Plan, RefusesAPfWithVfsEnabled) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 4);
    EXPECT_EQ(World(host, kTakeNics).plan(),
              "group 7: refused\n"
              "  ! vfs-in-use 0000:02:00.0: is a PF with VFs enabled, which go with its driver (4 "
              "VFs)\n");
}

TEST(Plan, RefusesIdsThatVfioPciDenies) {
    Host host;
    host.pci(kGpu).vendor("8086", "0b25").group(3);
    EXPECT_EQ(World(host, "rules: [{name: d, match: {vendor: '8086'}, driver: auto}]").plan(),
              "group 3: refused\n"
              "  ! driver-denies 0000:01:00.0: vfio-pci denies this device by its id (8086:0b25 "
              "(DSA))\n");
    host.pci(kGpu).vendor("8086", "37c9");
    host.alias("vfio_pci:v00008086d000037C9sv*sd*bc*sc*i*", "qat_vfio_pci");
    EXPECT_EQ(World(host, "rules: [{name: d, match: {vendor: '8086'}, driver: auto}]")
                  .make_plan()
                  .transactions[0]
                  .verdict,
              policy::Verdict::kChange);
}

// Devices in use.

TEST(Plan, RefusesADeviceInUseAndShowsTheEvidence) {
    Host host = nic_host();
    host.used("0000:02:00.0", UseKind::kDefaultRoute, "a default route leaves through it",
              "default via 10.0.0.1 dev eth0");
    host.used("0000:02:00.0", UseKind::kAddressed, "eth0 has a global address", "10.0.0.2/24");
    EXPECT_EQ(World(host, kTakeNics).plan(),
              "group 7: refused\n"
              "  ? default-route 0000:02:00.0: a default route leaves through it (default via "
              "10.0.0.1 dev eth0)\n"
              "  ? addressed 0000:02:00.0: eth0 has a global address (10.0.0.2/24)\n");
}

TEST(Plan, EachReasonIsAllowedOrForcedByItsOwnNameOnly) {
    Host host = nic_host();
    host.used("0000:02:00.0", UseKind::kDefaultRoute, "route", "");
    host.used("0000:02:00.0", UseKind::kAddressed, "address", "");
    const World world(host,
                      "rules: [{name: nics, match: {class: network}, driver: auto, in_use: {allow: "
                      "[addressed]}}]");
    EXPECT_EQ(world.plan(),
              "group 7: refused\n"
              "  ? default-route 0000:02:00.0: route\n");
    EXPECT_EQ(
        world.make_plan({.codes = {policy::ReasonCode::kDefaultRoute}}).transactions[0].verdict,
        policy::Verdict::kChange);
    EXPECT_EQ(world.make_plan({.codes = {policy::ReasonCode::kMounted}}).transactions[0].verdict,
              policy::Verdict::kRefused);
}

TEST(Plan, AnOpenVfioDeviceIsNeverMovedEvenByForce) {
    Host host = nic_host();
    host.pci("0000:02:00.0").vfio("vfio-pci");
    host.used("0000:02:00.0", UseKind::kVfioOpen, "its VFIO group is open", "qemu (pid 712)");
    const World world(host, "rules: [{name: h, match: {class: network}, driver: host}]");
    EXPECT_EQ(world.plan({.codes = {policy::ReasonCode::kVfioOpen}}),
              "group 7: refused\n"
              "  ! vfio-open 0000:02:00.0: its VFIO group is open (qemu (pid 712))\n");
}

TEST(Plan, ADeviceThatStaysWhereItIsMayBeInUse) {
    Host host = nic_host();
    host.pci("0000:02:00.0").vfio("vfio-pci");
    host.used("0000:02:00.0", UseKind::kVfioOpen, "its VFIO group is open", "qemu (pid 712)");
    EXPECT_EQ(World(host, kTakeNics).plan(), "group 7: ok\n");
}

TEST(Plan, AsksForTheUsageOfThoseThatWouldBeTaken) {
    Host host = nic_host();
    host.pci("0000:03:00.0").nic().group(8);
    host.pci("0000:04:00.0").nic().group(9).vfio("vfio-pci");
    host.pci(kGpu).gpu().group(15).driver("nouveau");
    host.pci(kSound).audio().group(15).driver("snd_hda_intel");
    const World world(host,
                      "rules:\n- {name: nics, match: {class: network}, driver: auto}\n"
                      "- {name: g, match: {class: display}, driver: auto, group: whole}");
    EXPECT_EQ(policy::to_be_taken(world.set, world.decisions, world.inventory),
              (std::vector<sysfs::DeviceId>{fake::pci_id(kGpu), fake::pci_id(kSound),
                                            fake::pci_id("0000:02:00.0")}));
}

// VFs and mdevs.

TEST(Plan, SetsTheNumberOfVfsWithoutTouchingTheDriver) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 0);
    const std::string rules = "rules: [{name: pf, match: {is_pf: true}, sriov: {vfs: 4}}]";
    EXPECT_EQ(World(host, rules).plan(),
              "pci/0000:02:00.0: change\n"
              "  set_vfs 0000:02:00.0 4\n");
    host.pci("0000:02:00.0").pf(8, 4);
    EXPECT_EQ(World(host, rules).plan(), "pci/0000:02:00.0: ok\n");
    host.pci("0000:02:00.0").pf(8, 2);
    EXPECT_EQ(World(host, rules).plan(),
              "pci/0000:02:00.0: change\n"
              "  set_vfs 0000:02:00.0 0\n"
              "  set_vfs 0000:02:00.0 4\n");
    host.pci("0000:02:00.0").pf(3, 0).unbound();
    EXPECT_EQ(World(host, rules).plan(),
              "pci/0000:02:00.0: refused\n"
              "  ! driver-denies 0000:02:00.0: cannot have as many VFs as wanted (4 wanted, 3 at "
              "most)\n"
              "  ! no-driver 0000:02:00.0: is unbound, and VFs are its driver's to make\n");
}

TEST(Plan, DoesNotTakeAwayVfsThatAreGivenAway) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 1);
    host.pci("0000:02:10.0").nic().vf_of("0000:02:00.0", 0).group(20).vfio("vfio-pci");
    EXPECT_EQ(World(host, "rules: [{name: pf, match: {is_pf: true}, sriov: {vfs: 4}}]").plan(),
              "pci/0000:02:00.0: refused\n"
              "  ! vfs-in-use 0000:02:10.0: a VF that would go is given away (0000:02:10.0 is on "
              "vfio-pci)\n");
}

TEST(Plan, MakesTheMdevsThatAreMissing) {
    Host host;
    host.mdev_parent("mtty").mdev_type("mtty-1", 24).mdev_type("mtty-2", 12);
    const std::string rules =
        "rules:\n- name: m\n  match: {mdev_parent: mtty}\n  mdevs:\n"
        "  - {uuid: '83b8f4f2-509f-382f-3c1e-e6bfe0fa1001', type: mtty-2, attrs: [{a: '5'}]}\n"
        "  - {count: 2, type: mtty-1}";
    const std::string first =
        policy::mdev_uuid(std::string("0123456789abcdef0123456789abcdef"), "mtty", "mtty-1", 0)
            .value();
    const std::string second =
        policy::mdev_uuid(std::string("0123456789abcdef0123456789abcdef"), "mtty", "mtty-1", 1)
            .value();
    EXPECT_EQ(World(host, rules).plan(),
              "mdev_parent/mtty: change\n"
              "  create_mdev mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 mtty-2\n"
              "  set_attr mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 a=5\n"
              "  create_mdev mdev/" +
                  first +
                  " mtty-1\n"
                  "  create_mdev mdev/" +
                  second + " mtty-1\n");
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-2");
    host.mdev(first, "mtty", "mtty-1");
    host.mdev(second, "mtty", "mtty-1");
    EXPECT_EQ(World(host, rules).plan(), "mdev_parent/mtty: ok\n");
}

TEST(Plan, RefusesMdevsThatTheParentCannotMake) {
    Host host;
    host.mdev_parent("mtty").mdev_type("mtty-1", 1);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "other", "mtty-1");
    EXPECT_EQ(World(host,
                    "rules:\n- name: m\n  match: {mdev_parent: mtty}\n  mdevs:\n"
                    "  - {uuid: '83b8f4f2-509f-382f-3c1e-e6bfe0fa1001', type: mtty-1}\n"
                    "  - {count: 2, type: mtty-1}\n"
                    "  - {count: 1, type: mtty-9}")
                  .plan(),
              "mdev_parent/mtty: refused\n"
              "  ! driver-denies mdev_parent/mtty: the UUID of a wanted mdev is taken "
              "(83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 is of type mtty-1 on other)\n"
              "  ! driver-denies mdev_parent/mtty: has too few instances of mdev type mtty-1 left "
              "(2 wanted, 1 left)\n"
              "  ! driver-denies mdev_parent/mtty: offers no mdev type mtty-9 (types: mtty-1)\n");
}

TEST(Plan, NamesCountedMdevsTheSameAfterAReboot) {
    // uuid.uuid5(uuid.UUID("0123456789abcdef0123456789abcdef"), "mtty/mtty-1/0")
    EXPECT_EQ(policy::mdev_uuid("0123456789abcdef0123456789abcdef", "mtty", "mtty-1", 0),
              "ade73699-759b-563f-b493-ea5333f51a92");
    EXPECT_EQ(policy::mdev_uuid("", "mtty", "mtty-1", 0), std::nullopt);
}

}  // namespace

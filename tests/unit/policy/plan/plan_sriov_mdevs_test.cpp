// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan.hpp"

#include <gtest/gtest.h>

#include "policy/plan/plan_mdevs.hpp"
#include "tests/unit/policy/policy_fixture.hpp"

/// VFs of a PF and mdevs of a parent.
namespace {

using fake::Host;
using policy_test::nic_host;
using policy_test::PolicyFixture;

TEST(Plan, LeavesAutoprobeAloneWhereItIsOffAlready) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 0).attr("sriov_drivers_autoprobe", "1");
    EXPECT_EQ(PolicyFixture(host,
                            "rules: [{name: pf, match: {is_pf: true}, sriov: {vfs: 4}, "
                            "attrs: {sriov_drivers_autoprobe: 0}}]")
                  .plan(),
              "pci/0000:02:00.0: change\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=0\n"
              "  set_vfs 0000:02:00.0 4\n");
}

TEST(Plan, SetsTheNumberOfVfsWithoutTouchingTheDriver) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 0);
    const std::string rules = "rules: [{name: pf, match: {is_pf: true}, sriov: {vfs: 4}}]";
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "pci/0000:02:00.0: change\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=0\n"
              "  set_vfs 0000:02:00.0 4\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=1\n");
    host.pci("0000:02:00.0").pf(8, 4);
    EXPECT_EQ(PolicyFixture(host, rules).plan(), "pci/0000:02:00.0: ok\n");
    host.pci("0000:02:00.0").pf(8, 2);
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "pci/0000:02:00.0: change\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=0\n"
              "  set_vfs 0000:02:00.0 0\n"
              "  set_vfs 0000:02:00.0 4\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=1\n");
    host.pci("0000:02:00.0").pf(3, 0).unbound();
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "pci/0000:02:00.0: refused\n"
              "  ! driver-denies 0000:02:00.0: cannot have as many VFs as wanted (4 wanted, 3 at "
              "most)\n"
              "  ! no-driver 0000:02:00.0: is unbound, and only its driver can create VFs\n");
}

TEST(Plan, RefusesToRemoveVfsThatAreOnVfio) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 1);
    host.pci("0000:02:10.0").nic().vf_of("0000:02:00.0", 0).group(20).vfio("vfio-pci");
    EXPECT_EQ(
        PolicyFixture(host, "rules: [{name: pf, match: {is_pf: true}, sriov: {vfs: 4}}]").plan(),
        "pci/0000:02:00.0: refused\n"
        "  ! vfs-in-use 0000:02:10.0: a VF that would go is on VFIO (0000:02:10.0 is on "
        "vfio-pci)\n");
}

TEST(Plan, RefusesVfsOfADriverThatMakesNone) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 0);
    const auto rules = [](const std::string& driver) {
        return "rules: [{name: pf, match: {is_pf: true}, driver: " + driver + ", sriov: {vfs: 4}}]";
    };
    const std::string refused =
        "group 7: refused\n"
        "  ! driver-denies 0000:02:00.0: is for a driver that makes no VFs (vfio-pci without "
        "enable_sriov=1, its module's parameter)\n";
    EXPECT_EQ(PolicyFixture(host, rules("vfio-pci")).plan(), refused);
    host.module("pci-stub", sysfs::ModuleState::kAvailable);
    EXPECT_EQ(PolicyFixture(host, rules("pci-stub")).plan(),
              "group 7: refused\n"
              "  ! driver-denies 0000:02:00.0: is for a driver that makes no VFs (pci-stub)\n");
    EXPECT_EQ(PolicyFixture(host, rules("none")).plan(),
              "group 7: refused\n"
              "  ! no-driver 0000:02:00.0: is unbound, and only its driver can create VFs\n");
    host.pci("0000:02:00.0").vfio("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, rules("auto")).plan(), refused);
    host.vfio_pci_makes_vfs();
    EXPECT_EQ(PolicyFixture(host, rules("auto")).plan(),
              "group 7: change\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=0\n"
              "  set_vfs 0000:02:00.0 4\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=1\n");
}

TEST(Plan, RefusesVfsWhereALeftOverDeviceSits) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 0);
    auto& sriov = *host.pci("0000:02:00.0").device().sriov;
    sriov.offset = 128;
    sriov.stride = 2;
    host.pci("0000:02:10.2").nic().vf_of("0000:02:00.0", 1).group(20);
    const std::string rules = "rules: [{name: pf, match: {is_pf: true}, sriov: {vfs: 2}}]";
    const PolicyFixture fixture(host, rules);
    sysfs::Inventory inventory = host.inventory();
    for (sysfs::Device& device : inventory.devices)
        if (device.sriov)
            device.sriov->vfs.clear();
    EXPECT_EQ(policy_test::to_text(policy::make_plan(fixture.set, fixture.decisions, inventory,
                                                     fixture.drivers, fixture.usage)),
              "pci/0000:02:00.0: refused\n"
              "  ! driver-denies 0000:02:10.2: is where VF 1 of 0000:02:00.0 would come, left over "
              "from a PF that was removed (echo 1 > /sys/bus/pci/devices/0000:02:10.2/remove "
              "clears it)\n");
    // Of the same PF it goes when the number becomes 0.
    host.pci("0000:02:00.0").device().sriov->enabled = 1;
    EXPECT_EQ(PolicyFixture(host, rules).make_plan().transactions[0].verdict,
              policy::Verdict::kChange);
}

TEST(Plan, PlansNothingForVfsThatWillBeMadeAnew) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 1);
    host.pci("0000:02:10.0").nic().vf_of("0000:02:00.0", 0).group(20).driver("igbvf");
    EXPECT_EQ(PolicyFixture(host,
                            "rules:\n- {name: pf, match: {is_pf: true}, sriov: {vfs: 2}}\n"
                            "- {name: vfs, match: {is_vf: true}, driver: vfio-pci}")
                  .plan(),
              "pci/0000:02:00.0: change\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=0\n"
              "  set_vfs 0000:02:00.0 0\n"
              "  set_vfs 0000:02:00.0 2\n"
              "  set_attr 0000:02:00.0 sriov_drivers_autoprobe=1\n");
}

TEST(Plan, CreatesTheMissingMdevs) {
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
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
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
    EXPECT_EQ(PolicyFixture(host, rules).plan(), "mdev_parent/mtty: ok\n");
}

/// The kernel binds no driver to an mdev again (mdev_match()).
TEST(Plan, RecreatesAnMdevThatWasUnboundFromItsDriver) {
    const std::string uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    const std::string rules =
        "rules:\n- name: m\n  match: {mdev_parent: mtty}\n  mdevs:\n  - {uuid: '" + uuid +
        "', type: mtty-2, attrs: [{a: '5'}]}\n";
    Host host;
    host.mdev_parent("mtty").mdev_type("mtty-2", 0);
    host.mdev(uuid, "mtty", "mtty-2").device().driver.reset();
    const std::string note = "  . mdev/" + uuid + " " + policy::kLostDriver + "\n";
    EXPECT_EQ(PolicyFixture(host, rules).plan(), "mdev_parent/mtty: change\n  remove_mdev mdev/" +
                                                     uuid + " mtty-2\n  create_mdev mdev/" + uuid +
                                                     " mtty-2\n  set_attr mdev/" + uuid + " a=5\n" +
                                                     note);
    PolicyFixture used(host, rules);
    used.usage[{"mdev", uuid}] = {{sysfs::UseKind::kVfioOpen, "is mapped", "qemu (pid 7)"}};
    EXPECT_EQ(used.plan(), "mdev_parent/mtty: refused\n  ! vfio-open mdev/" + uuid +
                               ": is mapped (qemu (pid 7))\n" + note);
    // A rule for the mdev itself cannot help it.
    EXPECT_EQ(PolicyFixture(host,
                            "rules:\n- name: m\n  match: {bus: mdev}\n"
                            "  driver: auto\n")
                  .plan(),
              "mdev/" + uuid + ": refused\n  ! no-driver mdev/" + uuid + ": " +
                  policy::kLostDriver + "\n");
}

TEST(Plan, RefusesMdevsThatTheParentCannotCreate) {
    Host host;
    host.mdev_parent("mtty").mdev_type("mtty-1", 1);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "other", "mtty-1");
    EXPECT_EQ(PolicyFixture(host,
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

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include <algorithm>

#include "binding/transaction/apply.hpp"
#include "binding/transaction/release_plan.hpp"
#include "policy/plan/assessment.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "tests/fake/kernel_rules.hpp"
#include "tests/unit/bindd/loop/daemon_harness.hpp"

/// Every kind of change on every path: what the policies ask for is made by the daemon at its
/// start, when the device is plugged in, when the driver of the device is reloaded, when the policy
/// is edited, and by a request, as `vfioctl --direct apply` makes it; and a release undoes it, by
/// the daemon and without it.
namespace bindd {
namespace {

constexpr const char* kDevice = "0000:01:00.0";
constexpr const char* kNothing = "version: 1\nrules: []\n";

using Check = std::function<bool(const fake::KernelState&)>;

/// One kind of change: the device before it, the action of its rule, and what shows that it is
/// made. `native`: the device stays on its native driver, which can be reloaded.
struct ChangeKind {
    std::string name;
    std::function<void(fake::DeviceBuilder)> device;
    std::string action;
    Check is_made;
    enum class DriverKind { kNative, kVfio } on = DriverKind::kNative;
    std::string action_before{};  ///< under which the device became ours; empty: it was not
};

const sysfs::Device& device(const fake::KernelState& world) {
    return world.devices.at(fake::pci_id(kDevice));
}

bool on_vfio(const fake::KernelState& world) {
    return world.devices.contains(fake::pci_id(kDevice)) && device(world).driver == "vfio-pci";
}

std::size_t mdevs(const fake::KernelState& world) {
    return static_cast<std::size_t>(
        std::count_if(world.devices.begin(), world.devices.end(),
                      [](const auto& each) { return each.first.bus == "mdev"; }));
}

bool has_access(const fake::KernelState& world) {
    return std::any_of(world.access.begin(), world.access.end(),
                       [](const auto& each) { return each.second.mode == 0660U; });
}

const std::vector<ChangeKind>& kinds() {
    using DriverKind = ChangeKind::DriverKind;
    static const std::vector<ChangeKind> all = {
        {"driver", [](auto made) { made.nic().driver("e1000e"); }, "driver: auto", on_vfio,
         DriverKind::kVfio},
        {"override", [](auto made) { made.nic().driver("e1000e").override_("vfio-pci"); },
         "driver: host",
         [](const auto& world) {
             return device(world).driver == "e1000e" && !device(world).driver_override;
         }},
        {"vfs", [](auto made) { made.nic().driver("igb").pf(4, 0); }, "sriov: { vfs: 2 }",
         [](const auto& world) { return device(world).sriov->enabled == 2; }},
        {"other number of vfs", [](auto made) { made.nic().driver("igb").pf(4, 0); },
         "driver: host\n    sriov: { vfs: 3 }",
         [](const auto& world) { return device(world).sriov->vfs.size() == 3; }},
        {"mdevs", [](auto made) { made.nic().driver("i915").mdev_type("i915-1", 4); },
         "mdevs: [ { count: 2, type: i915-1 } ]",
         [](const auto& world) { return mdevs(world) == 2; }},
        {"access", [](auto made) { made.nic().vfio("vfio-pci", "vfio0"); },
         "driver: auto\n    access: { mode: \"0660\" }", has_access, DriverKind::kVfio},
        {"attrs", [](auto made) { made.nic().driver("e1000e").attr("msi_bus", "1"); },
         "attrs: { msi_bus: 0 }",
         [](const auto& world) { return device(world).attrs.at("msi_bus") == "0"; }},
        {"check", [](auto made) { made.nic().driver("e1000e"); }, "driver: auto\n    check: open",
         on_vfio, DriverKind::kVfio},
        {"none", [](auto made) { made.nic().driver("e1000e"); }, "driver: none",
         [](const auto& world) { return !device(world).driver; }, DriverKind::kVfio},
        {"release", [](auto made) { made.nic().driver("e1000e"); }, "driver: host",
         [](const auto& world) {
             return device(world).driver == "e1000e" && !device(world).driver_override;
         },
         DriverKind::kVfio, "driver: auto"},
        {"release of vfs", [](auto made) { made.nic().driver("igb").pf(4, 0); },
         "sriov: { vfs: 0 }", [](const auto& world) { return device(world).sriov->enabled == 0; },
         DriverKind::kVfio, "sriov: { vfs: 2 }"},
    };
    return all;
}

std::string policy_of(const std::string& action) {
    return "version: 1\nrules:\n  - name: it\n    match: { address: \"" + std::string(kDevice) +
           "\" }\n    " + action + "\n";
}

std::string policy(const ChangeKind& kind) {
    return policy_of(kind.action);
}

std::string policy_before(const ChangeKind& kind) {
    return kind.action_before.empty() ? kNothing : policy_of(kind.action_before);
}

fake::KernelState world_of(const ChangeKind& kind) {
    fake::Host host;
    kind.device(host.pci(kDevice).group(11));
    return fake::KernelState::from(host);
}

void expect_made(DaemonHarness& daemon, const ChangeKind& kind, const std::string& when) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!kind.is_made(daemon.kernel().state()) && std::chrono::steady_clock::now() < end)
        ::usleep(2'000);
    EXPECT_TRUE(kind.is_made(daemon.kernel().state())) << kind.name << ": not made " << when;
}

policy::PolicySet parse(const std::string& text) {
    const std::vector<policy::SourceFile> files = {{"test.yaml", text}};
    return policy::parse_set(files).set;
}

/// What `vfioctl --direct apply` does, without its words.
void apply_directly(DaemonHarness& machine, const std::string& text) {
    policy::Assessment assessment;
    assessment.policies = parse(text);
    assessment.inventory = *machine.kernel().inventory(assessment.policies.required_facts());
    assessment.drivers = *machine.kernel().drivers({});
    assessment.decide();
    assessment.usage =
        machine.kernel().usage(assessment.inventory, assessment.devices_changing_driver());
    assessment.make_plan();
    binding::ApplyOptions options;
    options.check_open = [](const sysfs::Device&) { return base::Result<void>(); };
    const auto applied =
        binding::apply(machine.kernel(), machine.state(), assessment.take_plan(), options);
    EXPECT_TRUE(applied) << applied.error().text();
}

TEST(ReconciliationTable, AtTheStart) {
    for (const ChangeKind& kind : kinds()) {
        DaemonHarness daemon(world_of(kind), policy(kind));
        apply_directly(daemon, policy_before(kind));
        daemon.start_ready();
        EXPECT_TRUE(kind.is_made(daemon.kernel().state())) << kind.name;
        EXPECT_TRUE(daemon.state_when(kDevice, "bound").ends_with(" -")) << kind.name;
    }
}

TEST(ReconciliationTable, WhenItIsPluggedIn) {
    for (const ChangeKind& kind : kinds()) {
        if (!kind.action_before.empty())
            continue;  // what is plugged in was never ours
        fake::KernelState world = world_of(kind);
        const sysfs::Device later = device(world);
        world.devices.erase(later.id);
        DaemonHarness daemon(world, policy(kind));
        daemon.start_ready();
        daemon.plug(later);
        daemon.state_when(kDevice, "bound");
        expect_made(daemon, kind, "when it was plugged in");
    }
}

/// rmmod takes the VFs and mdevs of a device with its driver; modprobe brings the driver alone.
void reload_driver(DaemonHarness& daemon) {
    std::vector<std::string> went;
    daemon.change([&](fake::KernelState& world) {
        sysfs::Device& reloaded = world.devices.at(fake::pci_id(kDevice));
        if (reloaded.sriov)
            (void)fake::set_vfs(world, reloaded, 0);
        for (const auto& [id, each] : world.devices)
            if (each.mdev)
                went.push_back(id.name);
        for (const std::string& uuid : went)
            fake::remove_mdev(world, uuid);
    });
    for (const std::string& uuid : went)
        daemon.send_line("remove mdev/" + uuid);
    daemon.send_line("bound pci/" + std::string(kDevice));
}

TEST(ReconciliationTable, WhenItsDriverIsReloaded) {
    for (const ChangeKind& kind : kinds()) {
        if (kind.on != ChangeKind::DriverKind::kNative)
            continue;
        DaemonHarness daemon(world_of(kind), policy(kind));
        daemon.start_ready();
        daemon.state_when(kDevice, "bound");
        reload_driver(daemon);
        expect_made(daemon, kind, "after the driver's reload");
    }
}

TEST(ReconciliationTable, WhenThePolicyIsEdited) {
    for (const ChangeKind& kind : kinds()) {
        DaemonHarness daemon(world_of(kind), policy_before(kind));
        daemon.start_ready();
        EXPECT_FALSE(kind.is_made(daemon.kernel().state())) << kind.name;
        daemon.policy(policy(kind));
        expect_made(daemon, kind, "after an edit of the policy");
    }
}

TEST(ReconciliationTable, ByRequest) {
    for (const ChangeKind& kind : kinds()) {
        DaemonHarness daemon(world_of(kind), policy(kind));
        apply_directly(daemon, policy_before(kind));
        const fake::KernelState before = daemon.kernel().state();
        const bool waits = !kind.action_before.empty();
        daemon.apply_mode(waits ? "manual" : "automatic");
        daemon.start_ready();
        daemon.change([&](fake::KernelState& world) { world = before; });
        EXPECT_FALSE(kind.is_made(daemon.kernel().state())) << kind.name;
        daemon.send_line("apply");
        EXPECT_TRUE(daemon.wait_for_line(waits ? "job 1" : "job 2").ends_with("ended done"))
            << kind.name;
        EXPECT_TRUE(kind.is_made(daemon.kernel().state())) << kind.name;
    }
}

TEST(ReconciliationTable, WithoutTheDaemon) {
    for (const ChangeKind& kind : kinds()) {
        DaemonHarness machine(world_of(kind), policy(kind));
        apply_directly(machine, policy_before(kind));
        EXPECT_FALSE(kind.is_made(machine.kernel().state())) << kind.name;
        apply_directly(machine, policy(kind));
        EXPECT_TRUE(kind.is_made(machine.kernel().state())) << kind.name;
    }
}

/// A device that was given back is the host's: nothing of it is left to undo.
bool is_released(const ChangeKind& kind) {
    return !kind.action_before.empty() || kind.action == "driver: host";
}

void expect_undone(DaemonHarness& machine, const ChangeKind& kind) {
    const fake::KernelState before = world_of(kind);
    const fake::KernelState now = machine.kernel().state();
    const sysfs::Device& was = device(before);
    const sysfs::Device& is = device(now);
    EXPECT_EQ(is.driver, was.driver) << kind.name;
    EXPECT_EQ(is.driver_override, was.driver_override) << kind.name;
    EXPECT_EQ(is.attrs, was.attrs) << kind.name;
    EXPECT_EQ(is.sriov ? is.sriov->enabled : 0, was.sriov ? was.sriov->enabled : 0) << kind.name;
    EXPECT_EQ(mdevs(now), mdevs(before)) << kind.name;
    EXPECT_EQ(has_access(now), has_access(before)) << kind.name;
}

TEST(ReconciliationTable, IsUndoneByARequestedRelease) {
    for (const ChangeKind& kind : kinds()) {
        if (is_released(kind))
            continue;
        DaemonHarness daemon(world_of(kind), policy(kind));
        daemon.start_ready();
        daemon.send_line("release pci/" + std::string(kDevice));
        EXPECT_TRUE(daemon.wait_for_line("job 2").ends_with("ended done")) << kind.name;
        expect_undone(daemon, kind);
    }
}

TEST(ReconciliationTable, IsUndoneByAReleaseWithoutTheDaemon) {
    for (const ChangeKind& kind : kinds()) {
        if (is_released(kind))
            continue;
        DaemonHarness machine(world_of(kind), policy(kind));
        apply_directly(machine, policy(kind));
        auto plan =
            binding::plan_release(machine.kernel(), machine.state(),
                                  machine.kernel().state().inventory(), {fake::pci_id(kDevice)});
        ASSERT_TRUE(plan) << kind.name << ": " << plan.error().text();
        ASSERT_TRUE(binding::apply(machine.kernel(), machine.state(), *std::move(plan), {}));
        expect_undone(machine, kind);
    }
}

/// A release of an attribute sends no uevent: the daemon learns of it by the scan that the reload
/// begins, and must not hold it for newer than the reload.
TEST(ReconciliationTable, ARequestedReloadTakesBackAReleaseThatSentNoEvent) {
    const auto attrs = std::find_if(kinds().begin(), kinds().end(),
                                    [](const ChangeKind& kind) { return kind.name == "attrs"; });
    DaemonHarness daemon(world_of(*attrs), policy(*attrs));
    daemon.start_ready();
    daemon.state_when(kDevice, "bound");
    auto plan = binding::plan_release(daemon.kernel(), daemon.state(),
                                      daemon.kernel().state().inventory(), {fake::pci_id(kDevice)});
    ASSERT_TRUE(plan) << plan.error().text();
    ASSERT_TRUE(binding::apply(daemon.kernel(), daemon.state(), *std::move(plan), {}));
    EXPECT_FALSE(attrs->is_made(daemon.kernel().state()));
    daemon.send_line("reload");
    expect_made(daemon, *attrs, "after a requested reload");
}

/// VFs that were changed manually, with the driver where it was, are a drift: reported, and left.
TEST(ReconciliationTable, LeavesVfsThatWereChangedManually) {
    const ChangeKind& vfs = kinds().at(2);
    DaemonHarness daemon(world_of(vfs), policy(vfs));
    daemon.start_ready();
    daemon.state_when(kDevice, "bound");
    daemon.change([](fake::KernelState& world) {
        (void)fake::set_vfs(world, world.devices.at(fake::pci_id(kDevice)), 0);
    });
    daemon.send_line("change pci/" + std::string(kDevice));
    EXPECT_EQ(daemon.state_when(kDevice, "pending"),
              "state pci/0000:01:00.0 pending igb drift: left with 0 VFs outside bindd; `vfioctl "
              "apply` restores it");
}

/// A VF that was bound manually, and then made again by whoever set the PF's number anew: the
/// record is of the VF that went. The daemon has seen neither event yet.
TEST(ReconciliationTable, NeverActsOnANewVfByTheRecordOfAnOldOne) {
    fake::Host host;
    host.pci(kDevice).nic().group(11).driver("igb").pf(4, 0);
    fake::KernelState world = fake::KernelState::from(host);
    (void)fake::set_vfs(world, world.devices.at(fake::pci_id(kDevice)), 1);
    const std::string vf = "0000:01:10.0";
    world.module_brings("igbvf", "igbvf", {world.devices.at(fake::pci_id(vf)).modalias});
    (void)fake::bind(world, world.devices.at(fake::pci_id(vf)), "igbvf");
    world.devices.at(fake::pci_id(vf)).driver = "igbvf";
    DaemonHarness daemon(world, kNothing);
    daemon.start_ready();
    daemon.send_line("bind pci/" + vf);
    EXPECT_EQ(daemon.wait_for_line("job"), "job 1 bind ended done");
    daemon.change([&](fake::KernelState& now) {
        sysfs::Device& pf = now.devices.at(fake::pci_id(kDevice));
        pf.sriov->autoprobe = false;
        (void)fake::set_vfs(now, pf, 0);
        (void)fake::set_vfs(now, pf, 1);
        now.devices.at(fake::pci_id(vf)).driver = "vfio-pci";
        now.devices.at(fake::pci_id(vf)).driver_override = "vfio-pci";
    });
    daemon.send_line("release pci/" + vf);
    daemon.wait_for_line("job 2");
    EXPECT_EQ(daemon.driver_of(vf), "vfio-pci") << "not ours";
}

}  // namespace
}  // namespace bindd

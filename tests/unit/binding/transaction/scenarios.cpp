// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/binding/transaction/scenarios.hpp"

#include <cerrno>
#include <ostream>
#include <utility>

#include "binding/transaction/release_plan.hpp"

namespace binding {
namespace {

using fake::KernelState;
using policy::Change;
using policy::Plan;

const std::vector<std::string> kThree = {"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"};
const std::vector<std::string> kOne = {"0000:01:00.0"};
constexpr const char* kMdev = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
constexpr const char* kNativeIds = "pci:v00008086d000010D3*";

KernelState chain_world() {
    KernelState world = one_nic();
    world.module_brings("mlx5_vfio_pci", "mlx5_vfio_pci", {});
    world.refuse(pci_id(kOne[0]), "mlx5_vfio_pci", ENODEV);
    return world;
}

KernelState last_fails() {
    KernelState world = group_of_three();
    world.refuse(pci_id(kThree[2]), "vfio-pci", EIO);
    return world;
}

KernelState foreign_override() {
    fake::Host host;
    host.pci(kOne[0]).nic().group(15).driver("e1000e").override_("uio_pci_generic");
    return KernelState::from(host);
}

KernelState pf() {
    fake::Host host;
    host.pci(kOne[0]).nic().group(15).driver("igb").pf(8, 0);
    KernelState world = KernelState::from(host);
    world.faults.late_vfs = 1;
    return world;
}

/// Others bound it; its own module is not loaded.
KernelState bound_by_others() {
    fake::Host host;
    host.pci(kOne[0]).nic().group(15).vfio("vfio-pci", "vfio0");
    KernelState world = KernelState::from(host);
    world.module_brings("e1000e", "e1000e", {kNativeIds});
    return world;
}

KernelState native_module() {
    KernelState world = one_nic();
    world.module_brings("e1000e", "e1000e", {kNativeIds});
    return world;
}

KernelState mtty() {
    fake::Host host;
    host.mdev_parent("mtty").mdev_type("mtty-2", 2).attr("assign_adapter", "");
    return KernelState::from(host);
}

KernelState subchannel() {
    fake::Host host;
    host.css("0.0.0313").driver("io_subchannel");
    KernelState world = KernelState::from(host);
    world.specs.push_back({"css", "vfio_ccw", "vfio_ccw", {"css:*"}, true});
    world.drivers.modules["vfio_ccw"] = sysfs::ModuleState::kAvailable;
    world.parent_types["vfio_ccw"] = {sysfs::MdevType{.id = "vfio_ccw-io",
                                                      .device_api = "vfio-ccw",
                                                      .available = 1,
                                                      .name = {},
                                                      .description = {}}};
    return world;
}

/// A BAR of 256 MiB that can have 512 as well.
KernelState adjustable() {
    fake::Host host;
    host.pci(kOne[0])
        .nic()
        .group(15)
        .driver("e1000e")
        .attr("reset_method", "flr bus")
        .attr("power/control", "auto")
        .attr("resource1_resize", "0000000000000300")
        .attr("resource",
              "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
              "0x00000000f0000000 0x00000000ffffffff 0x000000000014220c\n");
    return KernelState::from(host);
}

Plan with_attributes(TestHost& fixture, const std::vector<std::string>& drivers) {
    Change change = fixture.change(kOne[0], drivers);
    change.attrs = {{"reset_method", "bus"}, {"power/control", "on"}};
    if (!drivers.empty())
        change.attrs.emplace_back("resource1_resize", "9");
    return fixture.make_plan({change});
}

Plan bind_with_attributes(TestHost& fixture) {
    return with_attributes(fixture, {"vfio-pci"});
}

Plan bind_one(TestHost& fixture) {
    return fixture.plan(kOne, {"vfio-pci"});
}

Plan bind_three(TestHost& fixture) {
    return fixture.plan(kThree, {"vfio-pci"});
}

Plan bind_to(TestHost& fixture, Change::To to) {
    Change change = fixture.change(kOne[0], {});
    change.to = to;
    return fixture.make_plan({change});
}

Plan four_vfs(TestHost& fixture, const std::vector<std::string>& drivers) {
    Change change = fixture.change(kOne[0], drivers);
    change.set_vfs = 4;
    return fixture.make_plan({change});
}

Plan with_access(TestHost& fixture) {
    Change change = fixture.change(kOne[0], {"vfio-pci"});
    change.access = {.owner = "0", .group = "4242", .mode = 0660};
    change.check = policy::Check::kOpen;
    fixture.options().check_open = [](const sysfs::Device&) { return base::Result<void>(); };
    return fixture.make_plan({change});
}

Change on_parent(TestHost& fixture, const sysfs::DeviceId& id) {
    const auto parent = fixture.kernel().device(id);
    Change change;
    change.target = {parent->id, parent->identity()};
    change.from_driver = parent->driver;
    change.rule = "mdevs";
    return change;
}

policy::MdevSpec mdev(const std::string& type,
                      std::vector<std::pair<std::string, std::string>> attrs) {
    return {.uuid = kMdev, .count = {}, .type = type, .attrs = std::move(attrs), .where = {}};
}

Plan create_mdev(TestHost& fixture) {
    Change change = on_parent(fixture, {"mdev_parent", "mtty"});
    change.mdevs = {mdev("mtty-2", {{"assign_adapter", "5"}})};
    return fixture.make_plan({change});
}

Plan stop_mdev(TestHost& fixture) {
    Change change = on_parent(fixture, {"mdev_parent", "mtty"});
    change.mdevs_to_stop = {mdev("mtty-2", {{"assign_adapter", "5"}})};
    return fixture.make_plan({change});
}

Plan bind_subchannel(TestHost& fixture) {
    Change change = on_parent(fixture, {"css", "0.0.0313"});
    policy::ChainLink link;
    link.driver = "vfio_ccw";
    link.module = "vfio_ccw";
    change.candidates = {link};
    change.mdevs = {mdev("vfio_ccw-io", {})};
    return fixture.make_plan({change});
}

void unload_native(TestHost& fixture) {
    fixture.apply(bind_one(fixture));
    fixture.kernel().change([](KernelState& now) {
        now.drivers.registered["pci"].erase("e1000e");
        now.drivers.modules["e1000e"] = sysfs::ModuleState::kAvailable;
    });
}

Plan release_one(TestHost& fixture) {
    return fixture.release_plan(kOne);
}

/// A device of a plan on whatever bus.
Plan release_of(TestHost& fixture, const sysfs::DeviceId& id) {
    auto plan =
        plan_release(fixture.kernel(), fixture.state(), fixture.kernel().state().inventory(), {id});
    EXPECT_TRUE(plan) << plan.error().text();
    return plan ? *std::move(plan) : Plan{};
}

Plan roll_back(TestHost& fixture) {
    auto plan =
        plan_rollback(fixture.kernel(), fixture.state(), fixture.kernel().state().inventory(), {});
    EXPECT_TRUE(plan) << plan.error().text();
    return plan ? *std::move(plan) : Plan{};
}

/// First the plan is carried out.
std::function<void(TestHost&)> after(Plan (*plan)(TestHost&)) {
    return [plan](TestHost& fixture) { fixture.apply(plan(fixture)); };
}

KernelState two_drivers() {
    KernelState world = one_nic();
    world.module_brings("mlx5_vfio_pci", "mlx5_vfio_pci", {});
    return world;
}

void bind_twice(TestHost& fixture) {
    fixture.apply(bind_one(fixture));
    fixture.apply(fixture.plan(kOne, {"mlx5_vfio_pci"}));
}

std::string vf_of(TestHost& fixture) {
    return fixture.kernel().state().devices.at(pci_id(kOne[0])).sriov->vfs.at(0);
}

Plan make_vfs(TestHost& fixture) {
    return four_vfs(fixture, {});
}

std::string text(const std::optional<std::uint32_t>& number) {
    return number ? std::to_string(*number) : "-";
}

std::string configuration(const KernelState& world, const sysfs::Device& device) {
    std::string all;
    if (device.sriov)
        all += " VFs " + std::to_string(device.sriov->enabled) + " autoprobe " +
               (device.sriov->autoprobe.value_or(true) ? "on" : "off");
    if (device.mdev)
        all += " type " + device.mdev->type;
    for (const auto& [name, value] : device.attrs)
        all += " " + name + "=" + value;
    const auto access = [&](const std::optional<std::string>& node, const std::string& folder) {
        if (const auto set = world.access.find(folder + node.value_or("-"));
            set != world.access.end())
            all += " " + folder + "access " + text(set->second.uid) + ":" + text(set->second.gid) +
                   " " + text(set->second.mode);
    };
    if (device.vfio) {
        access(device.vfio->group, "");
        access(device.vfio->cdev, "devices/");
    }
    return all;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all = {
        {"a single device", one_nic, nullptr, bind_one},
        {"a group of three", group_of_three, nullptr, bind_three},
        {"a chain that falls back", chain_world, nullptr,
         [](TestHost& f) {
             return f.plan(kOne, {"mlx5_vfio_pci", "vfio-pci"});
         }},
        {"a rollback under way", last_fails, nullptr, bind_three},
        {"a release", one_nic, after(bind_one), release_one},
        {"a release of a group", group_of_three, after(bind_three),
         [](TestHost& f) { return f.release_plan({kThree[0]}); }},
        {"a release to a foreign override", foreign_override, after(bind_one), release_one},
        {"a release that loads a module", native_module, unload_native, release_one},
        {"the rollback of a transaction", group_of_three, after(bind_three), roll_back},
        {"a rollback to our own earlier transaction", two_drivers, bind_twice, roll_back},
        {"the rollback of a release", group_of_three,
         [](TestHost& f) {
             after(bind_three)(f);
             f.release({kThree[0]});
         },
         roll_back},
        {"the rollback of a release of attributes", adjustable,
         [](TestHost& f) {
             after(bind_with_attributes)(f);
             f.release(kOne);
         },
         roll_back},
        {"the host's own driver", bound_by_others, nullptr,
         [](TestHost& f) { return bind_to(f, Change::To::kHost); }},
        {"no driver", one_nic, nullptr, [](TestHost& f) { return bind_to(f, Change::To::kNone); }},
        {"access and a check", one_nic, nullptr, with_access},
        {"attributes", adjustable, nullptr, [](TestHost& f) { return with_attributes(f, {}); }},
        {"attributes and a driver", adjustable, nullptr, bind_with_attributes},
        {"a release of attributes", adjustable, after(bind_with_attributes), release_one},
        {"a number of VFs", pf, nullptr, make_vfs},
        {"a PF bound, with VFs", pf, nullptr,
         [](TestHost& f) { return four_vfs(f, {"vfio-pci"}); }},
        {"a VF", pf, after(make_vfs), [](TestHost& f) { return f.plan({vf_of(f)}, {"vfio-pci"}); }},
        {"a release of VFs", pf, after(make_vfs), release_one},
        {"a new mdev", mtty, nullptr, create_mdev},
        {"an mdev stopped", mtty, after(create_mdev), stop_mdev},
        {"a release of an mdev", mtty, after(create_mdev),
         [](TestHost& f) {
             return release_of(f, {"mdev_parent", "mtty"});
         }},
        {"a subchannel with its mdev", subchannel, nullptr, bind_subchannel},
    };
    return all;
}

std::unique_ptr<TestHost> prepare(const Scenario& scenario) {
    auto fixture = std::make_unique<TestHost>(scenario.world());
    // Nothing hangs here, and a machine may be busy.
    const auto timeout = std::exchange(fixture->options().timeout, std::chrono::minutes(1));
    if (scenario.before)
        scenario.before(*fixture);
    fixture->options().timeout = timeout;
    return fixture;
}

State State::without(const std::string& device) const {
    State rest = *this;
    const auto goes = [&](const std::string& name) {
        const auto parent = parents.find(name);
        return name == device || (parent != parents.end() && parent->second == device);
    };
    std::erase_if(rest.states, [&](const auto& each) { return goes(each.first); });
    std::erase_if(rest.configured, [&](const auto& each) { return goes(each.first); });
    std::erase_if(rest.ours, [&](const auto& each) { return goes(each.first); });
    std::erase_if(rest.parents, [&](const auto& each) { return goes(each.first); });
    return rest;
}

std::ostream& operator<<(std::ostream& out, const State& state) {
    return out << ::testing::PrintToString(state.states)
               << "\nconfigured: " << ::testing::PrintToString(state.configured)
               << "\nours: " << ::testing::PrintToString(state.ours);
}

State state_of(TestHost& fixture) {
    // VFs appear when their PF is read.
    while (!fixture.kernel().state().late_vfs.empty())
        (void)fixture.kernel().device(pci_id(fixture.kernel().state().late_vfs.front().pf));
    const KernelState world = fixture.kernel().state();
    State state{fixture.driver_states(), {}, {}, {}};
    for (const auto& [id, device] : world.devices) {
        state.configured[id.name] = configuration(world, device);
        if (device.vf)
            state.parents[id.name] = device.vf->pf;
        if (device.mdev)
            state.parents[id.name] = device.mdev->parent;
    }
    for (const auto& [id, bound] : fixture.journal_state().bound) {
        std::string& ours = state.ours[id.name];
        ours = "on " + bound.driver + ", was on " + bound.before_driver.value_or("-");
        for (const SideEffect& effect : bound.side_effects)
            ours += ", " + std::string(policy::op_name(effect.op)) + " before " + effect.before;
    }
    return state;
}

Ends ends_of(const Scenario& scenario) {
    const auto fixture = prepare(scenario);
    const policy::Plan plan = scenario.plan(*fixture);
    const unsigned writes = fixture->kernel().state().writes;
    const State before = state_of(*fixture);
    fixture->apply(plan);
    return {before, state_of(*fixture), fixture->kernel().state().writes - writes};
}

}  // namespace binding

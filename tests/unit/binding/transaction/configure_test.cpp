// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "binding/transaction/release_plan.hpp"
#include "policy/model/device_attributes.hpp"
#include "tests/unit/binding/test_host.hpp"

/// Everything but plain binding: no driver, the host's driver, mdevs, access, check.
namespace binding {
namespace {

using policy::Change;
using policy::StepResult;
using Words = std::vector<std::string>;

const std::string kConfigured = "0000:01:00.0";
constexpr const char* kWanted = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";

Change to(TestHost& fixture, Change::To where) {
    Change change = fixture.change(kConfigured, {});
    change.to = where;
    return change;
}

TEST(None, LeavesADeviceWithoutADriverAndReleaseGivesItBack) {
    TestHost fixture(one_nic());
    const DriverStates before = fixture.driver_states();
    const policy::Plan done = fixture.apply(fixture.make_plan({to(fixture, Change::To::kNone)}));
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{"set_override 0000:01:00.0 none done", "unbind 0000:01:00.0 e1000e done"}));
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kConfigured, {std::nullopt, "none"}}}));
    fixture.release({kConfigured});
    EXPECT_EQ(fixture.driver_states(), before);
}

TEST(Host, GivesBackWhatWeTookAsItWas) {
    fake::Host host;
    host.pci(kConfigured).nic().group(15).driver("e1000e").override_("e1000e");
    TestHost fixture(fake::KernelState::from(host));
    const DriverStates before = fixture.driver_states();
    fixture.apply(fixture.plan({kConfigured}, {"vfio-pci"}));
    fixture.apply(fixture.make_plan({to(fixture, Change::To::kHost)}));
    EXPECT_EQ(fixture.driver_states(), before);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Host, FindsTheNativeDriverOfADeviceThatOthersBound) {
    fake::Host host;
    host.pci(kConfigured).nic().group(15).vfio("vfio-pci", "vfio0");
    fake::KernelState world = fake::KernelState::from(host);
    world.module_brings("e1000e", "e1000e", {"pci:v00008086d000010D3*"});
    TestHost fixture(world);
    const policy::Plan done = fixture.apply(fixture.make_plan({to(fixture, Change::To::kHost)}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kConfigured, {"e1000e", std::nullopt}}}));
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Release, LoadsTheNativeModuleThatWasUnloadedMeanwhile) {
    fake::KernelState world = one_nic();
    world.module_brings("e1000e", "e1000e", {"pci:v00008086d000010D3*"});
    TestHost fixture(world);
    const DriverStates before = fixture.driver_states();
    fixture.apply(fixture.plan({kConfigured}, {"vfio-pci"}));
    fixture.kernel().change([](fake::KernelState& now) {
        now.drivers.registered["pci"].erase("e1000e");
        now.drivers.modules["e1000e"] = sysfs::ModuleState::kAvailable;
    });
    const policy::Plan done = fixture.release({kConfigured});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), before);
}

/// The NIC of `one_nic` with attributes.
fake::KernelState adjustable_nic() {
    fake::Host host;
    host.pci(kConfigured)
        .nic()
        .group(15)
        .driver("e1000e")
        .attr("reset_method", "flr bus")
        .attr("d3cold_allowed", "1")
        .attr("resource1_resize", "0000000000000300")
        .attr("resource",
              "0x0 0x0 0x0\n0x00000000f0000000 0x00000000ffffffff 0x000000000014220c\n");
    return fake::KernelState::from(host);
}

std::string attribute_of(TestHost& fixture, const std::string& name) {
    return policy::attribute_value(fixture.kernel().state().devices.at(pci_id(kConfigured)).attrs,
                                   name)
        .value_or("-");
}

TEST(Attributes, AreSetWhileTheDeviceHasNoDriverAndPutBackOnRelease) {
    TestHost fixture(adjustable_nic());
    Change change = fixture.change(kConfigured, {"vfio-pci"});
    change.attrs = {{"reset_method", "bus"}, {"resource1_resize", "9"}, {"d3cold_allowed", "1"}};
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(
        words(done.transactions[0].steps),
        (Words{"load_module 0000:01:00.0 vfio_pci done", "set_override 0000:01:00.0 vfio-pci done",
               "unbind 0000:01:00.0 e1000e done", "set_attr 0000:01:00.0 reset_method=bus done",
               "set_attr 0000:01:00.0 resource1_resize=9 done",
               "set_attr 0000:01:00.0 d3cold_allowed=1 skipped",
               "bind 0000:01:00.0 vfio-pci done"}));
    EXPECT_EQ(attribute_of(fixture, "reset_method"), "bus");
    EXPECT_EQ(attribute_of(fixture, "resource1_resize"), "9");

    const policy::Plan released = fixture.release({kConfigured});
    EXPECT_EQ(released.transactions[0].result, StepResult::kDone) << released.transactions[0].error;
    EXPECT_EQ(attribute_of(fixture, "reset_method"), "flr bus");
    EXPECT_EQ(attribute_of(fixture, "resource1_resize"), "8");
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kConfigured, {"e1000e", std::nullopt}}}));
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Attributes, GoBackToWhatWasThereBeforeTheFirstTransaction) {
    TestHost fixture(adjustable_nic());
    for (const char* method : {"bus", "flr", "bus"}) {
        Change change = fixture.change(kConfigured, {});
        change.attrs = {{"reset_method", method}};
        fixture.apply(fixture.make_plan({change}));
        EXPECT_EQ(attribute_of(fixture, "reset_method"), method);
    }
    fixture.release({kConfigured});
    EXPECT_EQ(attribute_of(fixture, "reset_method"), "flr bus");
}

/// vfio-pci leaves power/control at "on", whatever it was before.
TEST(Attributes, PowerControlIsAfterAReleaseAsItWasBeforeTheBind) {
    fake::Host host;
    host.pci(kConfigured).nic().group(15).driver("e1000e").attr("power/control", "auto");
    TestHost fixture(fake::KernelState::from(host));
    fixture.apply(fixture.plan({kConfigured}, {"vfio-pci"}));
    const policy::Plan released = fixture.release({kConfigured});
    EXPECT_EQ(attribute_of(fixture, "power/control"), "auto");
    EXPECT_EQ(words(released.transactions[0].steps).back(),
              "set_attr 0000:01:00.0 power/control=auto done");
    fixture.kernel().change(
        [](fake::KernelState& now) { now.refuse(pci_id(kConfigured), "vfio-pci", EIO); });
    fixture.apply(fixture.plan({kConfigured}, {"vfio-pci"}));
    EXPECT_EQ(attribute_of(fixture, "power/control"), "auto") << "after an undo";
}

TEST(Attributes, OfAnotherProgramStay) {
    TestHost fixture(adjustable_nic());
    Change change = fixture.change(kConfigured, {});
    change.attrs = {{"reset_method", "bus"}};
    fixture.apply(fixture.make_plan({change}));
    fixture.kernel().change([](fake::KernelState& now) {
        now.devices.at(pci_id(kConfigured)).attrs["reset_method"] = "flr";
    });
    fixture.release({kConfigured});
    EXPECT_EQ(attribute_of(fixture, "reset_method"), "flr");
}

TEST(Attributes, ThatTheKernelRefusesUndoTheTransaction) {
    TestHost fixture(adjustable_nic());
    const DriverStates before = fixture.driver_states();
    Change change = fixture.change(kConfigured, {"vfio-pci"});
    change.attrs = {{"reset_method", "bus"}, {"resource1_resize", "12"}};
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: set resource1_resize: resource1_resize cannot be 4G, but 256M, 512M");
    EXPECT_EQ(attribute_of(fixture, "reset_method"), "flr bus");
    EXPECT_EQ(fixture.driver_states(), before);
}

TEST(Access, IsGivenToBothNodesAndTakenBackWithTheTransaction) {
    for (const bool fails : {false, true}) {
        fake::KernelState world = one_nic();
        TestHost fixture(world);
        Change change = fixture.change(kConfigured, {"vfio-pci"});
        change.access = {.owner = "0", .group = "4242", .mode = 0660};
        change.check = policy::Check::kOpen;
        fixture.options().check_open = [&](const sysfs::Device&) -> base::Result<void> {
            if (fails)
                return base::fail(base::Code::kBusy, "open", kConfigured, "no");
            return {};
        };
        const policy::Plan done = fixture.apply(fixture.make_plan({change}));
        const auto access = fixture.kernel().state().access;
        if (fails) {
            EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
            EXPECT_TRUE(access.empty());
            continue;
        }
        EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
        EXPECT_EQ(access.at("15"), (sysfs::NodeAccess{0, 4242, 0660}));
        EXPECT_EQ(access.at("devices/vfio0"), (sysfs::NodeAccess{0, 4242, 0660}));
        EXPECT_EQ(
            words(done.transactions[0].steps),
            (Words{"load_module 0000:01:00.0 vfio_pci done",
                   "set_override 0000:01:00.0 vfio-pci done", "unbind 0000:01:00.0 e1000e done",
                   "bind 0000:01:00.0 vfio-pci done", "set_access 0000:01:00.0 0:4242 0660 done",
                   "set_access 0000:01:00.0 0:4242 0660 done", "check_open 0000:01:00.0 - done"}));
    }
}

TEST(Access, OfAnUnknownUserFailsBeforeAnythingIsTouched) {
    TestHost fixture(one_nic());
    Change change = fixture.change(kConfigured, {"vfio-pci"});
    change.access.owner = "no-such-user-here";
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(done.transactions[0].error, "no-such-user-here: look up user: no such user");
    EXPECT_EQ(fixture.kernel().state().writes, 0U);
}

TEST(Check, FailsBeforeAnythingIsTouchedWhereNothingCanOpen) {
    TestHost fixture(one_nic());
    Change change = fixture.change(kConfigured, {"vfio-pci"});
    change.check = policy::Check::kOpen;
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kFailed);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: check open: 'check: open' is not supported by this version");
    EXPECT_EQ(fixture.kernel().state().writes, 0U);
}

fake::KernelState mtty() {
    fake::Host host;
    host.mdev_parent("mtty").mdev_type("mtty-2", 2).attr("assign_adapter", "");
    return fake::KernelState::from(host);
}

Change want_mdevs(TestHost& fixture, std::vector<policy::MdevSpec> specs) {
    const auto parent = fixture.kernel().device({"mdev_parent", "mtty"});
    Change change;
    change.target = {parent->id, parent->identity()};
    change.mdevs = std::move(specs);
    change.rule = "mdevs";
    return change;
}

policy::MdevSpec mdev_spec(const std::string& uuid) {
    return {.uuid = uuid,
            .count = {},
            .type = "mtty-2",
            .attrs = {{"assign_adapter", "5"}},
            .where = {}};
}

TEST(Mdevs, AreCreatedWithTheirAttributesAndRemovedByARelease) {
    TestHost fixture(mtty());
    const policy::Plan done =
        fixture.apply(fixture.make_plan({want_mdevs(fixture, {mdev_spec(kWanted)})}));
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{std::string("create_mdev mdev/") + kWanted + " mtty-2 done",
                     std::string("set_attr mdev/") + kWanted + " assign_adapter=5 done"}));
    const fake::KernelState world = fixture.kernel().state();
    EXPECT_EQ(world.devices.at({"mdev", kWanted}).attrs.at("assign_adapter"), "5");
    EXPECT_EQ(world.devices.at({"mdev_parent", "mtty"}).mdev_types[0].available, 1U);
    const auto plan = plan_release(fixture.kernel(), fixture.state(), world.inventory(),
                                   {{"mdev_parent", "mtty"}});
    ASSERT_TRUE(plan) << plan.error().text();
    EXPECT_EQ(fixture.apply(*plan).transactions[0].result, StepResult::kDone);
    EXPECT_FALSE(fixture.kernel().state().devices.contains({"mdev", kWanted}));
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Mdevs, AreAllOrNone) {
    TestHost fixture(mtty());
    const std::string second = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";
    const std::string third = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1003";
    const policy::Plan done = fixture.apply(fixture.make_plan(
        {want_mdevs(fixture, {mdev_spec(kWanted), mdev_spec(second), mdev_spec(third)})}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(done.transactions[0].error, third + ": create mtty-2 on mtty: Too many users");
    const fake::KernelState world = fixture.kernel().state();
    EXPECT_EQ(world.devices.size(), 1U);
    EXPECT_EQ(world.devices.at({"mdev_parent", "mtty"}).mdev_types[0].available, 2U);
}

TEST(Mdevs, ThatLostTheirDriverAreRemovedAndCreatedAgain) {
    TestHost fixture(mtty());
    fixture.apply(fixture.make_plan({want_mdevs(fixture, {mdev_spec(kWanted)})}));
    fixture.kernel().change([](fake::KernelState& world) {
        world.devices.at({"mdev", kWanted}).driver.reset();
        world.devices.at({"mdev", kWanted}).vfio.reset();
    });
    policy::Change change = want_mdevs(fixture, {mdev_spec(kWanted)});
    change.mdevs_to_stop = change.mdevs;
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_TRUE(fixture.kernel().state().devices.at({"mdev", kWanted}).vfio);
    const auto plan = plan_release(fixture.kernel(), fixture.state(),
                                   fixture.kernel().state().inventory(), {{"mdev_parent", "mtty"}});
    ASSERT_TRUE(plan) << plan.error().text();
    EXPECT_EQ(fixture.apply(*plan).transactions[0].result, StepResult::kDone);
    EXPECT_FALSE(fixture.kernel().state().devices.contains({"mdev", kWanted}));
}

TEST(Mdevs, ThatAreThereAlreadyAreNotOurs) {
    fake::KernelState world = mtty();
    TestHost fixture(world);
    ASSERT_TRUE(fixture.kernel().create_mdev("mtty", "mtty-2", kWanted));
    fixture.apply(fixture.make_plan({want_mdevs(fixture, {mdev_spec(kWanted)})}));
    const auto plan = plan_release(fixture.kernel(), fixture.state(),
                                   fixture.kernel().state().inventory(), {{"mdev_parent", "mtty"}});
    EXPECT_FALSE(plan);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
    EXPECT_TRUE(fixture.kernel().state().devices.contains({"mdev", kWanted}));
}

TEST(Ccw, BindsTheSubchannelAndCreatesTheMdevInOneTransaction) {
    fake::Host host;
    host.css("0.0.0313").driver("io_subchannel");
    fake::KernelState world = fake::KernelState::from(host);
    world.specs.push_back({"css", "vfio_ccw", "vfio_ccw", {"css:*"}, true});
    world.drivers.modules["vfio_ccw"] = sysfs::ModuleState::kAvailable;
    world.parent_types["vfio_ccw"] = {sysfs::MdevType{.id = "vfio_ccw-io",
                                                      .device_api = "vfio-ccw",
                                                      .available = 1,
                                                      .name = {},
                                                      .description = {}}};
    TestHost fixture(world);
    const auto subchannel = fixture.kernel().device({"css", "0.0.0313"});
    Change change;
    change.target = {subchannel->id, subchannel->identity()};
    change.from_driver = "io_subchannel";
    policy::ChainLink link;
    link.driver = "vfio_ccw";
    link.module = "vfio_ccw";
    change.candidates = {link};
    policy::MdevSpec io = mdev_spec(kWanted);
    io.type = "vfio_ccw-io";
    io.attrs.clear();
    change.mdevs = {io};
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_TRUE(fixture.kernel().state().devices.contains({"mdev", kWanted}));
    const auto plan = plan_release(fixture.kernel(), fixture.state(),
                                   fixture.kernel().state().inventory(), {{"css", "0.0.0313"}});
    ASSERT_TRUE(plan);
    const policy::Plan back = fixture.apply(*plan);
    EXPECT_EQ(back.transactions[0].result, StepResult::kDone) << back.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(),
              (DriverStates{{"0.0.0313", {"io_subchannel", std::nullopt}}}));
}

TEST(NoIommu, BindsAndReleasesThoughTheGroupIsMadeUpOnTheWay) {
    fake::Host host;
    host.noiommu();
    host.pci(kConfigured).nic().driver("e1000e");
    TestHost fixture(fake::KernelState::from(host));
    const DriverStates before = fixture.driver_states();
    EXPECT_EQ(fixture.apply(fixture.plan({kConfigured}, {"vfio-pci"})).transactions[0].result,
              StepResult::kDone);
    const policy::Plan done = fixture.release({kConfigured});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), before);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

}  // namespace
}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "policy/udev_rules.hpp"
#include "tests/unit/binding/stand.hpp"

namespace binding {
namespace {

using policy::StepResult;
using Words = std::vector<std::string>;

const std::string kNic = "0000:01:00.0";

TEST(Apply, BindsADeviceAndRemembersHowItStood) {
    Stand stand(one_nic());
    const policy::Plan done = stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{"load_module 0000:01:00.0 vfio_pci done",
                     "set_override 0000:01:00.0 vfio-pci done", "unbind 0000:01:00.0 e1000e done",
                     "bind 0000:01:00.0 vfio-pci done"}));
    EXPECT_EQ(stand.picture(), (Picture{{kNic, {"vfio-pci", "vfio-pci"}}}));
    const Ledger ledger = stand.ledger();
    EXPECT_TRUE(ledger.in_flight.empty());
    const Bound& bound = ledger.bound.at(pci_id(kNic));
    EXPECT_EQ(bound.driver, "vfio-pci");
    EXPECT_EQ(bound.before_driver, "e1000e");
    EXPECT_EQ(bound.before_override, std::nullopt);
    EXPECT_EQ(bound.rule, "test");
    EXPECT_EQ(stand.warnings(), Words{});
}

TEST(Apply, ReleasesToTheDriverAndOverrideThatWereThere) {
    Stand stand(one_nic());
    const Picture before = stand.picture();
    stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    const policy::Plan done = stand.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{"clear_override 0000:01:00.0 - done", "unbind 0000:01:00.0 vfio-pci done",
                     "bind 0000:01:00.0 e1000e done"}));
    EXPECT_EQ(stand.picture(), before);
    EXPECT_TRUE(stand.ledger().bound.empty());
}

TEST(Apply, DoesNothingAndWritesNothingTheSecondTime) {
    Stand stand(one_nic());
    stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    policy::Plan again = stand.plan({kNic}, {"vfio-pci"});
    again.transactions[0].verdict = policy::Verdict::kOk;
    const std::string files = stand.state_files();
    const unsigned writes = stand.kernel().look().writes;
    const policy::Plan done = stand.apply(again);
    EXPECT_EQ(done.transactions[0].result, std::nullopt);
    EXPECT_EQ(stand.state_files(), files);
    EXPECT_EQ(stand.kernel().look().writes, writes);
}

TEST(Apply, MakesNothingItsOwnThatItFoundInPlace) {
    fake::Host host;
    host.pci(kNic).nic().group(15).vfio("vfio-pci", "vfio0");
    Stand stand(fake::World::of(host));
    const policy::Plan done = stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone);
    EXPECT_EQ(stand.kernel().look().writes, 0U);
    EXPECT_TRUE(stand.ledger().bound.empty());
    const auto release = plan_release(stand.kernel(), stand.state(),
                                      stand.kernel().look().inventory(), {pci_id(kNic)});
    ASSERT_FALSE(release);
    EXPECT_EQ(release.error().code, sysfs::Code::kNotFound);
}

TEST(Apply, TriesTheNextCandidateWhenAProbeRefuses) {
    for (const int errnum : {ENODEV, EBUSY, EINVAL, EIO, EAGAIN, EPERM}) {
        fake::World world = one_nic();
        world.module_brings("mlx5_vfio_pci", "mlx5_vfio_pci", {});
        world.refuse(pci_id(kNic), "mlx5_vfio_pci", errnum);
        Stand stand(world);
        const policy::Plan done = stand.apply(stand.plan({kNic}, {"mlx5_vfio_pci", "vfio-pci"}));
        EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
        EXPECT_EQ(stand.picture(), (Picture{{kNic, {"vfio-pci", "vfio-pci"}}}));
        EXPECT_EQ(words(done.transactions[0].steps),
                  (Words{"load_module 0000:01:00.0 mlx5_vfio_pci done",
                         "set_override 0000:01:00.0 mlx5_vfio_pci done",
                         "unbind 0000:01:00.0 e1000e done",
                         "bind 0000:01:00.0 mlx5_vfio_pci failed: 0000:01:00.0: bind to "
                         "mlx5_vfio_pci: " +
                             std::generic_category().message(errnum),
                         "load_module 0000:01:00.0 vfio_pci done",
                         "set_override 0000:01:00.0 vfio-pci done",
                         "bind 0000:01:00.0 vfio-pci done"}));
    }
}

TEST(Apply, FindsTheNameOfADriverThatOnlyItsModuleKnows) {
    fake::World world = one_nic();
    world.module_brings("nvgrace_gpu_vfio_pci", "nvgrace-gpu-vfio-pci", {});
    Stand stand(world);
    policy::Change change = stand.change(kNic, {"nvgrace_gpu_vfio_pci"});
    change.candidates[0].driver.reset();
    const policy::Plan done = stand.apply(stand.plan_of({change}));
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{"load_module 0000:01:00.0 nvgrace_gpu_vfio_pci done",
                     "set_override 0000:01:00.0 nvgrace-gpu-vfio-pci done",
                     "unbind 0000:01:00.0 e1000e done",
                     "bind 0000:01:00.0 nvgrace-gpu-vfio-pci done"}));
}

TEST(Apply, PutsTheWholeGroupBackWhenItsLastMemberFails) {
    fake::World world = group_of_three();
    world.refuse(pci_id("0000:00:1f.4"), "vfio-pci", EIO);
    Stand stand(world);
    const Picture before = stand.picture();
    const policy::Plan done =
        stand.apply(stand.plan({"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(done.transactions[0].error, "0000:00:1f.4: bind to vfio-pci: Input/output error");
    EXPECT_EQ(stand.picture(), before);
    const Ledger ledger = stand.ledger();
    EXPECT_TRUE(ledger.in_flight.empty());
    EXPECT_TRUE(ledger.bound.empty());
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{"load_module 0000:00:1f.2 vfio_pci rolled_back",
                     "set_override 0000:00:1f.2 vfio-pci rolled_back",
                     "set_override 0000:00:1f.3 vfio-pci rolled_back",
                     "set_override 0000:00:1f.4 vfio-pci rolled_back",
                     "unbind 0000:00:1f.2 ahci rolled_back",
                     "unbind 0000:00:1f.3 i801_smbus rolled_back",
                     "bind 0000:00:1f.2 vfio-pci rolled_back",
                     "bind 0000:00:1f.3 vfio-pci rolled_back",
                     "bind 0000:00:1f.4 vfio-pci failed: 0000:00:1f.4: bind to vfio-pci: "
                     "Input/output error"}));
}

TEST(Apply, TakesAGroupWholeAndReleasesItWhole) {
    Stand stand(group_of_three());
    const Picture before = stand.picture();
    stand.apply(stand.plan({"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"}, {"vfio-pci"}));
    EXPECT_EQ(stand.picture(), (Picture{{"0000:00:1f.2", {"vfio-pci", "vfio-pci"}},
                                        {"0000:00:1f.3", {"vfio-pci", "vfio-pci"}},
                                        {"0000:00:1f.4", {"vfio-pci", "vfio-pci"}}}));
    const policy::Plan done = stand.release({"0000:00:1f.2"});
    EXPECT_EQ(done.transactions[0].devices.size(), 3U);
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(stand.picture(), before);
}

TEST(Apply, RestoresAForeignOverrideThatNamesAnotherDriver) {
    fake::Host host;
    host.pci(kNic).nic().group(15).driver("e1000e").override_("uio_pci_generic");
    Stand stand(fake::World::of(host));
    const Picture before = stand.picture();
    stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    const policy::Plan done = stand.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(stand.picture(), before);
}

// The udev rules armed it; then somebody loaded vfio_pci for another device, between our look and our turn.
TEST(Apply, TakesWhatOurRulesHaveArmedAndItsDriverFoundByItself) {
    fake::Host host;
    host.pci(kNic).nic().group(15).override_("vfio-pci").property(policy::kArmedProperty, "vfio-pci");
    Stand stand(fake::World::of(host));
    const policy::Plan plan = stand.plan({kNic}, {"vfio-pci"});
    stand.kernel().change([](fake::World& world) { world.devices.at(pci_id(kNic)).driver = "vfio-pci"; });
    const unsigned writes = stand.kernel().look().writes;
    EXPECT_EQ(stand.apply(plan).transactions[0].result, StepResult::kDone);
    EXPECT_EQ(stand.kernel().look().writes, writes);
    const policy::Plan done = stand.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(stand.picture().at(kNic).driver_override, std::nullopt);
    EXPECT_NE(stand.picture().at(kNic).driver, "vfio-pci");
}

TEST(Apply, RefusesADeviceThatChangedSinceItWasPlanned) {
    Stand stand(one_nic());
    const policy::Plan plan = stand.plan({kNic}, {"vfio-pci"});
    stand.kernel().change([](fake::World& world) {
        world.devices.at(pci_id(kNic)).driver_override = "igb_uio";
    });
    const policy::Plan done = stand.apply(plan);
    EXPECT_EQ(done.transactions[0].result, StepResult::kFailed);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: check: changed since it was planned: on e1000e with override igb_uio "
              "now, was on e1000e");
    EXPECT_EQ(stand.kernel().look().writes, 0U);
}

TEST(Apply, RefusesAnotherDeviceAtTheSameAddress) {
    Stand stand(one_nic());
    const policy::Plan plan = stand.plan({kNic}, {"vfio-pci"});
    stand.kernel().change([](fake::World& world) {
        world.devices.at(pci_id(kNic)).ids.device = 0x10d4;
    });
    const policy::Plan done = stand.apply(plan);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: check: is another device than the one that was planned for");
    EXPECT_EQ(stand.kernel().look().writes, 0U);
}

TEST(Apply, WaitsForTheNativeDriverWhileAPeerIsBeingClosed) {
    fake::World world = group_of_three();
    world.refuse(pci_id("0000:00:1f.4"), "vfio-pci", EIO);
    world.refuse(pci_id("0000:00:1f.3"), "i801_smbus", EBUSY, 2);
    Stand stand(world);
    const Picture before = stand.picture();
    const policy::Plan done =
        stand.apply(stand.plan({"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack) << done.transactions[0].error;
    EXPECT_EQ(stand.picture(), before);
}

TEST(Apply, OwesWhatCannotBePutBackNowAndPaysWithTheNextRun) {
    fake::World world = one_nic();
    world.refuse(pci_id(kNic), "vfio-pci", EIO);
    world.refuse(pci_id(kNic), "e1000e", EBUSY);
    Stand stand(world);
    stand.options().timeout = std::chrono::milliseconds(200);
    const Picture before = stand.picture();
    const policy::Plan failed = stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    EXPECT_EQ(failed.transactions[0].result, StepResult::kFailed);
    EXPECT_EQ(failed.transactions[0].error,
              "0000:01:00.0: bind to vfio-pci: Input/output error; could not be put back: "
              "0000:01:00.0: bind to e1000e: Device or resource busy");
    EXPECT_EQ(stand.ledger().in_flight.size(), 1U);
    stand.kernel().change([](fake::World& now) { now.refusals.clear(); });
    stand.apply({});
    EXPECT_EQ(stand.picture(), before);
    EXPECT_TRUE(stand.ledger().in_flight.empty());
}

TEST(Apply, FailsWhenNoVfioNodeAppears) {
    fake::World world = one_nic();
    world.script.no_nodes = true;
    Stand stand(world);
    const Picture before = stand.picture();
    const policy::Plan done = stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: verify: is on vfio-pci, but no VFIO node appeared");
    EXPECT_EQ(stand.picture(), before);
}

TEST(Apply, WaitsForVfioNodesThatComeLate) {
    fake::World world = one_nic();
    world.script.late_nodes = true;
    Stand stand(world);
    EXPECT_EQ(stand.apply(stand.plan({kNic}, {"vfio-pci"})).transactions[0].result,
              StepResult::kDone);
}

TEST(Apply, ReleasesNothingThatSomeoneBoundAnewSince) {
    Stand stand(one_nic());
    stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    stand.kernel().change([](fake::World& world) {
        world.devices.at(pci_id(kNic)).driver = "uio_pci_generic";
        world.devices.at(pci_id(kNic)).driver_override = "uio_pci_generic";
    });
    const Picture theirs = stand.picture();
    const policy::Plan done = stand.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone);
    EXPECT_EQ(stand.picture(), theirs);
    EXPECT_TRUE(stand.ledger().bound.empty());
}

TEST(Apply, ForgetsADeviceThatWentAway) {
    Stand stand(one_nic());
    stand.apply(stand.plan({kNic}, {"vfio-pci"}));
    stand.kernel().change([](fake::World& world) { world.devices.clear(); });
    const policy::Plan done = stand.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(stand.warnings(),
              Words{"group 15: 0000:01:00.0 is gone or another device now: forgotten"});
    EXPECT_TRUE(stand.ledger().bound.empty());
}

}  // namespace
}  // namespace binding

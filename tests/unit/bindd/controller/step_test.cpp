// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/step.hpp"

#include <algorithm>
#include <iterator>

#include "bindd/controller/job_planning.hpp"
#include "tests/unit/bindd/controller/step_fixture.hpp"

/// step() over values: each test asserts all effects of its inputs.
namespace bindd {
namespace {

using policy::StepResult;
constexpr const char* kNicAddress = "0000:01:00.0";

TEST_F(StepTest, RecoversBeforeItScans) {
    EXPECT_EQ(start(), (Lines{"log info: 1 rules and 0 variants of 1 files are in force",
                              "policies read: 0 diagnostics", "arm startup +2000", "recover"}));
    EXPECT_EQ(recovered(), (Lines{"start events", "#1 scan the host"}));
}

TEST_F(StepTest, BindsADeviceThatIsNotAsWanted) {
    (void)start();
    (void)recovered();
    EXPECT_EQ(scanned(1), (Lines{"write udev rules", "#2 query usage of 0000:01:00.0"}));
    EXPECT_EQ(unused(2),
              (Lines{"group 11 appeared", "0000:01:00.0 appeared", "counts changed", "watch",
                     "job 1 changed",
                     "#3 apply by bindd (start): group 11: load_module set_override unbind bind",
                     "0000:01:00.0 changed", "group 11 changed", "counts changed"}));
    EXPECT_EQ(reply(3, binding::StepStarted{"unbind"}), (Lines{"job 1 changed"}));
    EXPECT_EQ(executed(3, StepResult::kDone),
              (Lines{"log info: group 11: 0000:01:00.0: reconcile: done",
                     "job 1 transaction 0 finished", "arm scan +0"}));
    EXPECT_EQ(fire(TimerId::kScan), (Lines{"#4 scan 0000:01:00.0"}));
    EXPECT_EQ(scanned(4), (Lines{"0000:01:00.0 changed", "group 11 changed", "counts changed",
                                 "watch 0000:01:00.0/driver_override", "job 1 ended", "arm jobs +0",
                                 "disarm startup", "ready"}));
}

TEST_F(StepTest, SaysOnceWhatWaitsInManualMode) {
    state_.apply_mode = ApplyMode::kManual;
    (void)start();
    (void)recovered();
    EXPECT_EQ(scanned(1), (Lines{"#2 query usage of 0000:01:00.0"})) << "no rules for udev";
    const Lines lines = unused(2);
    EXPECT_EQ(lines.front(),
              "log notice: group 11: pending until `vfioctl apply`; 0000:01:00.0: rule nics: "
              "vfio-pci");
    EXPECT_EQ(lines.back(), "ready");
    EXPECT_EQ(device_state(kNicAddress).state, "pending");
    (void)feed(
        HostEvent{.kind = HostEvent::EventKind::kChanged, .device = fake::pci_id(kNicAddress)});
    (void)fire(TimerId::kScan, std::chrono::milliseconds(4));
    (void)scanned(3);
    EXPECT_EQ(unused(4), Lines{"watch"});
    (void)submit(JobKind::kApply, "");
    (void)fire(TimerId::kJobs);
    EXPECT_EQ(scanned(5), (Lines{"write udev rules", "#6 query usage of 0000:01:00.0"}));
}

TEST_F(StepTest, ScansNewMediatedDevicesWithTheirParent) {
    (void)start();
    (void)recovered();
    (void)scanned(1);
    (void)unused(2);
    transactions_.at(3).steps.push_back({.op = policy::Op::kCreateMdev,
                                         .device = {"mdev", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"},
                                         .value = "mtty-2",
                                         .module = {},
                                         .result = StepResult::kDone,
                                         .error = {}});
    (void)executed(3, StepResult::kDone);
    EXPECT_EQ(fire(TimerId::kScan),
              (Lines{"#4 scan mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 0000:01:00.0"}));
}

TEST_F(StepTest, ScansTheGroupOfAnEventOnceItIsQuiet) {
    start_ready();
    const HostEvent event{.kind = HostEvent::EventKind::kChanged,
                          .device = fake::pci_id(kNicAddress)};
    EXPECT_EQ(feed(event), (Lines{"arm scan +4"}));
    now_ += std::chrono::milliseconds(2);
    EXPECT_EQ(feed(event), (Lines{"arm scan +4"}));
    EXPECT_EQ(fire(TimerId::kScan, std::chrono::milliseconds(4)), (Lines{"#5 scan 0000:01:00.0"}));
    EXPECT_EQ(scanned(5), (Lines{"watch 0000:01:00.0/driver_override"}));
}

TEST_F(StepTest, ForgetsADeviceThatWasRemoved) {
    start_ready();
    host_.remove(fake::pci_id(kNicAddress));
    EXPECT_EQ(feed(HostEvent{.kind = HostEvent::EventKind::kRemoved,
                             .device = fake::pci_id(kNicAddress)}),
              (Lines{"#5 forget 0000:01:00.0", "arm scan +4"}));
    journal_.bound.clear();
    EXPECT_EQ(end(5), Lines{});
    EXPECT_EQ(fire(TimerId::kScan, std::chrono::milliseconds(4)), (Lines{"#6 scan 0000:01:00.0"}));
    EXPECT_EQ(scanned(6), (Lines{"0000:01:00.0 vanished", "group 11 vanished", "watch"}));
}

TEST_F(StepTest, ScansTheHostWhenEventsWereLost) {
    start_ready();
    EXPECT_EQ(
        feed(HostEvent{.kind = HostEvent::EventKind::kLost, .device = {}}),
        (Lines{"log warning: events were lost: scanning the whole host", "#5 scan the host"}));
    EXPECT_EQ(end(5, base::fail(base::Code::kFailed, "scan", "the host", "broken")),
              (Lines{"log error: the host: scan: broken"}));
}

TEST_F(StepTest, ReportsDriftAndLeavesIt) {
    start_ready();
    rebind(kNicAddress, "e1000e");
    (void)feed(
        HostEvent{.kind = HostEvent::EventKind::kChanged, .device = fake::pci_id(kNicAddress)});
    (void)fire(TimerId::kScan, std::chrono::milliseconds(4));
    EXPECT_EQ(scanned(5), (Lines{"#6 query usage of 0000:01:00.0"}));
    EXPECT_EQ(
        unused(6),
        (Lines{"log warning: 0000:01:00.0 was rebound to e1000e outside bindd: left unchanged",
               "0000:01:00.0 changed", "group 11 changed", "counts changed",
               "watch 0000:01:00.0/driver_override"}));
    EXPECT_EQ(device_state(kNicAddress).reason,
              "drift: rebound to e1000e outside bindd; `vfioctl apply` binds it again");
    EXPECT_EQ(device_state(kNicAddress).note, "drift");
}

TEST_F(StepTest, RestoresALostOverrideWhereTheRuleSaysSo) {
    start_ready("    drift: restore\n");
    rebind(kNicAddress, "vfio-pci");
    EXPECT_EQ(feed(OverrideWritten{device(kNicAddress).syspath + "/driver_override"}),
              (Lines{"arm scan +4"}));
    (void)fire(TimerId::kScan, std::chrono::milliseconds(4));
    EXPECT_EQ(scanned(5), (Lines{"log warning: 0000:01:00.0 lost its driver_override: restored",
                                 "0000:01:00.0 changed", "group 11 changed", "counts changed",
                                 "watch 0000:01:00.0/driver_override", "job 2 changed",
                                 "#6 apply by bindd (event): group 11: set_override"}));
}

TEST_F(StepTest, SavesAManualReleaseBeforeItNotifies) {
    start_ready();
    const JobId job = submit(JobKind::kRelease, kNicAddress);
    EXPECT_EQ(fire(TimerId::kJobs), (Lines{"job 2 changed", "#5 scan 0000:01:00.0"}));
    EXPECT_EQ(scanned(5), (Lines{"#6 query usage of 0000:01:00.0"}));
    EXPECT_EQ(unused(6),
              (Lines{"job 2 changed",
                     "#7 release by bindd (uid 1000, test): group 11: clear_override unbind"}));
    EXPECT_EQ(executed(7, StepResult::kDone),
              (Lines{"log info: group 11: 0000:01:00.0: release: done", "save 1 manual",
                     "job 2 transaction 0 finished", "arm scan +0"}));
    EXPECT_EQ(feed(ManualStateNotSaved{
                  base::fail(base::Code::kFailed, "write", "/run/x", "full").value()}),
              (Lines{"log warning: /run/x: write: full"}));
    EXPECT_EQ(fire(TimerId::kScan), (Lines{"#8 scan 0000:01:00.0"}));
    EXPECT_EQ(scanned(8), (Lines{"#9 query usage of 0000:01:00.0"}));
    EXPECT_EQ(feed(JobEndNotified{job}), Lines{});
    EXPECT_EQ(unused(9), (Lines{"0000:01:00.0 changed", "group 11 changed", "counts changed",
                                "watch 0000:01:00.0/driver_override", "job 2 ended", "arm jobs +0",
                                "save 1 manual"}));
    EXPECT_EQ(device_state(kNicAddress).reason,
              "released manually; `vfioctl apply` binds it again");
    EXPECT_EQ(device_state(kNicAddress).note, "released");
}

/// Somebody plans all the time; the device is plugged while one of the plans is being made.
TEST_F(StepTest, BindsWhatIsPluggedWhileSomebodyPlans) {
    start_ready();
    (void)submit(JobKind::kApply, "", JobMode::kPlanOnly);
    EXPECT_EQ(fire(TimerId::kJobs), (Lines{"job 2 changed", "#5 scan the host"}));
    host_.pci("0000:02:00.0").nic().group(12).driver("e1000e");
    (void)feed(
        HostEvent{.kind = HostEvent::EventKind::kAdded, .device = fake::pci_id("0000:02:00.0")});
    EXPECT_EQ(fire(TimerId::kScan, std::chrono::milliseconds(4)), (Lines{"#6 scan 0000:02:00.0"}));
    EXPECT_EQ(scanned(6), (Lines{"#7 query usage of 0000:02:00.0"}));
    // The plan's scan ends between the two answers.
    EXPECT_EQ(scanned(5), (Lines{"#8 query usage of 0000:02:00.0"}));
    EXPECT_EQ(unused(7), (Lines{"group 12 appeared", "0000:02:00.0 appeared", "counts changed",
                                "watch 0000:01:00.0/driver_override", "job 3 changed",
                                "#9 apply by bindd (event): group 12: set_override unbind bind",
                                "0000:02:00.0 changed", "group 12 changed", "counts changed"}));
}

TEST_F(StepTest, SettlesWhatAJobKeptFromBeingEvaluatedOnceItHasEnded) {
    start_ready();
    const JobId job = submit(JobKind::kApply, "");
    (void)fire(TimerId::kJobs);
    host_.pci("0000:02:00.0").nic().group(12).driver("e1000e");
    (void)feed(
        HostEvent{.kind = HostEvent::EventKind::kAdded, .device = fake::pci_id("0000:02:00.0")});
    (void)fire(TimerId::kScan, std::chrono::milliseconds(4));
    (void)scanned(6);
    (void)unused(7);  // reserved: not evaluated
    (void)end(5, base::fail(base::Code::kFailed, "scan", "the host", "too many files"));
    (void)feed(JobEndNotified{job});
    EXPECT_EQ(fire(TimerId::kJobs),
              (Lines{"watch 0000:01:00.0/driver_override", "job 3 changed",
                     "#8 apply by bindd (event): group 12: set_override unbind bind",
                     "0000:02:00.0 changed", "group 12 changed", "counts changed"}));
}

TEST_F(StepTest, CountsAReleaseByAnotherProcessAsManual) {
    start_ready();
    rebind(kNicAddress, "e1000e");
    journal_.bound.clear();
    (void)feed(
        HostEvent{.kind = HostEvent::EventKind::kChanged, .device = fake::pci_id(kNicAddress)});
    (void)fire(TimerId::kScan, std::chrono::milliseconds(4));
    (void)scanned(5);
    EXPECT_EQ(unused(6), (Lines{"0000:01:00.0 changed", "group 11 changed", "counts changed",
                                "watch", "save 1 manual"}));
}

TEST_F(StepTest, QuarantinesTheDevicesOfAStuckTransaction) {
    (void)start();
    (void)recovered();
    (void)scanned(1);
    (void)unused(2);
    EXPECT_EQ(executed(3, StepResult::kStuck, "unbind did not return"),
              (Lines{"log error: group 11: 0000:01:00.0: reconcile: stuck: unbind did not return",
                     "job 1 transaction 0 finished", "0000:01:00.0 changed", "group 11 changed",
                     "counts changed", "job 1 ended", "arm jobs +0"}));
    EXPECT_EQ(feed(HostEvent{.kind = HostEvent::EventKind::kLost, .device = {}}),
              (Lines{"log warning: events were lost: scanning the whole host",
                     "#4 scan the host without 0000:01:00.0"}));
    EXPECT_EQ(notice(binding::RecoveryEnded{"txn-3", binding::RecoveryResult::kUndone, ""}),
              (Lines{"0000:01:00.0 changed", "group 11 changed", "counts changed", "arm jobs +0",
                     "arm scan +4"}));
}

TEST_F(StepTest, TriesAgainByItselfAfterAnInterruptedAttempt) {
    (void)start();
    (void)recovered();
    (void)scanned(1);
    (void)unused(2);
    (void)executed(3, StepResult::kRolledBack, "its worker process died");
    (void)fire(TimerId::kScan);
    EXPECT_EQ(scanned(4), (Lines{"#5 query usage of 0000:01:00.0"}));
    (void)unused(5);
    EXPECT_EQ(device_state(kNicAddress).state, "failed");
    EXPECT_EQ(device_state(kNicAddress).reason, "its worker process died");
    EXPECT_EQ(fire(TimerId::kScan, std::chrono::seconds(1)), (Lines{"#6 scan 0000:01:00.0"}));
    EXPECT_EQ(scanned(6), (Lines{"#7 query usage of 0000:01:00.0"}));
    const Lines again = unused(7);
    EXPECT_EQ(
        std::count(again.begin(), again.end(),
                   "#8 apply by bindd (event): group 11: load_module set_override unbind bind"),
        1);
}

TEST_F(StepTest, ScansWithoutADeviceWhoseReadHangs) {
    start_ready();
    (void)feed(HostEvent{.kind = HostEvent::EventKind::kLost, .device = {}});
    EXPECT_EQ(notice(binding::ReadStuck{"scan-7", {device(kNicAddress)}}),
              (Lines{"0000:01:00.0 changed", "group 11 changed", "counts changed", "arm jobs +0",
                     "log warning: 0000:01:00.0: reading it does not return: another process holds "
                     "its lock, perhaps an unbind",
                     "#6 scan the host without 0000:01:00.0"}));
    EXPECT_EQ(end(5, base::fail(base::Code::kTimeout, "scan", "the host", "too long")), Lines{});
    EXPECT_EQ(device_state(kNicAddress).state, "stuck");
}

TEST_F(StepTest, QuarantinesInterruptedTransactionsUntilTheyAreUndone) {
    (void)start();
    binding::BeginRecord begin;
    begin.txn = "txn-0";
    begin.devices.resize(1);
    begin.devices[0].device = fake::pci_id(kNicAddress);
    begin.devices[0].identity = device(kNicAddress).identity();
    EXPECT_EQ(notice(binding::TransactionInterrupted{begin}), Lines{});
    EXPECT_EQ(recovered(), (Lines{"start events", "#1 scan the host without 0000:01:00.0"}));
    EXPECT_EQ(scanned(1), (Lines{"write udev rules", "group 11 appeared", "0000:01:00.0 appeared",
                                 "counts changed", "watch"}));
    EXPECT_EQ(fire(TimerId::kStartup, std::chrono::seconds(2)),
              (Lines{"arm startup +8000", "disarm startup", "ready"}));
    EXPECT_EQ(notice(binding::RecoveryEnded{"txn-0", binding::RecoveryResult::kUndone,
                                            "txn-0 was undone"}),
              (Lines{"log warning: txn-0 was undone", "0000:01:00.0 changed", "group 11 changed",
                     "counts changed", "arm jobs +0", "arm scan +4"}));
}

TEST_F(StepTest, CancelsAJobThatWaits) {
    start_ready();
    const JobId job = submit(JobKind::kRelease, kNicAddress);
    EXPECT_TRUE(state_.jobs.check_cancel(job));
    EXPECT_EQ(feed(JobCancelled{job}), (Lines{"job 2 ended", "arm jobs +0"}));
    EXPECT_EQ(state_.jobs.find(job)->job.ending, Ending::kFailed);
    EXPECT_EQ(feed(JobEndNotified{job}), Lines{});
    EXPECT_EQ(fire(TimerId::kJobs), Lines{});
}

TEST_F(StepTest, RefusesAJobForAnAbsentDevice) {
    start_ready();
    JobRequest request;
    request.kind = JobKind::kBind;
    request.devices = {fake::pci_id("0000:09:00.0")};
    const auto scope = job_scope(state_, request);
    ASSERT_FALSE(scope);
    EXPECT_EQ(scope.error().code, base::Code::kNotFound);
}

TEST_F(StepTest, KeepsThePoliciesInForceWhenNewOnesAreInvalid) {
    start_ready();
    PoliciesRead input{.policies = {}, .cause = ReloadCause::kFilesChanged};
    input.policies.sources = {{"test.yaml", "version: 1\nrules: 7\n"}};
    input.policies.parsed = policy::parse_set(input.policies.sources);
    EXPECT_EQ(feed(PolicyFilesChanged{}), (Lines{"arm reload +200"}));
    EXPECT_EQ(feed(input), (Lines{"log error: policies: not loaded, the set in force stays in "
                                  "force:\ntest.yaml:2:8: error: 'rules' must be a list\nrules: "
                                  "7\n       ^\nhint: each entry begins with '- name: ...'\n",
                                  "policies read: 1 diagnostics"}));
    EXPECT_EQ(feed(input), Lines{});
    EXPECT_EQ(state_.view.policies.rules.size(), 1U);
}

TEST_F(StepTest, AnswersAUsageQueryForNoDevicesAtOnce) {
    start_ready();
    EXPECT_EQ(feed(UsageRequested{1, {}}), (Lines{"answer usage 1: 0 devices"}));
    EXPECT_EQ(feed(UsageRequested{2, {fake::pci_id(kNicAddress)}}),
              (Lines{"#5 query usage of 0000:01:00.0"}));
    EXPECT_EQ(unused(5), (Lines{"answer usage 2: 0 devices"}));
}

TEST_F(StepTest, FailsARequestWithAReplyThatDoesNotBelongToIt) {
    start_ready();
    (void)feed(HostEvent{.kind = HostEvent::EventKind::kLost, .device = {}});
    EXPECT_EQ(reply(5, binding::Ping{}), Lines{});
    EXPECT_EQ(end(5), (Lines{"log error: a message: receive: unexpected here: ping"}));
    EXPECT_EQ(notice(binding::Ping{}),
              (Lines{"log error: executor: a message: receive: unexpected here: ping"}));
}

TEST_F(StepTest, LogsAMessageItDoesNotUnderstand) {
    EXPECT_EQ(feed(ProtocolViolated{
                  base::fail(base::Code::kInvalid, "understand", "the executor", "x").value()}),
              (Lines{"log error: executor: the executor: understand: x"}));
}

}  // namespace
}  // namespace bindd

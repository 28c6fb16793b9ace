// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/authorization.hpp"

#include <gtest/gtest.h>

#include "bindd/controller/job.hpp"
#include "bindd/controller/view.hpp"
#include "tests/fake/host.hpp"

/// Which questions a plan raises. Those about groups and drivers are tests of the bus.
namespace bindd {
namespace {

class Authorization : public testing::Test {
  protected:
    Authorization() {
        host_.pci("0000:01:00.0").nic().group(11).driver("ixgbe");
        host_.pci("0000:02:00.0").nic().driver("e1000e");
        view_.inventory = host_.inventory();
    }

    [[nodiscard]] std::vector<std::string> questions(const JobRequest& request,
                                                     const policy::Plan& plan = {}) const {
        std::vector<std::string> out;
        for (const Question& question : plan_questions(view_, request, plan)) {
            out.emplace_back(action_name(question.action));
            for (const char* key : {"address", "vfs", "mdev_type", "mdev_uuid", "wanted_driver"})
                if (const auto found = question.details.find(key); found != question.details.end())
                    out.back() += " " + found->second;
        }
        return out;
    }

    static policy::Plan plan_of(policy::Op op, const std::string& address) {
        policy::Transaction transaction;
        transaction.verdict = policy::Verdict::kChange;
        transaction.changes.emplace_back().target.id = fake::pci_id(address);
        transaction.steps.push_back({.op = op,
                                     .device = fake::pci_id(address),
                                     .value = "4",
                                     .module = {},
                                     .result = {},
                                     .error = {}});
        return {.transactions = {transaction}};
    }

    fake::Host host_;
    View view_;
};

using Lines = std::vector<std::string>;

TEST_F(Authorization, IsAskedForVirtualFunctionsByTheirOwnAction) {
    EXPECT_EQ(questions({.kind = JobKind::kApply}, plan_of(policy::Op::kSetVfs, "0000:01:00.0")),
              (Lines{"org.bindd1.apply 0000:01:00.0 ", "org.bindd1.sriov 0000:01:00.0 4"}));
}

TEST_F(Authorization, OfARequestForVirtualFunctionsIsOneQuestion) {
    JobRequest request{
        .kind = JobKind::kSetVfs, .devices = {fake::pci_id("0000:01:00.0")}, .vfs = 4};
    const policy::Plan plan = plan_of(policy::Op::kSetVfs, "0000:01:00.0");
    EXPECT_EQ(questions(request, plan), Lines{"org.bindd1.sriov 0000:01:00.0 4"});
    EXPECT_EQ(questions(request), Lines{"org.bindd1.sriov 0000:01:00.0 4"}) << "nothing to do";
    request.bind_options.forced.codes = {policy::ReasonCode::kOpenFd};
    EXPECT_EQ(questions(request, plan),
              (Lines{"org.bindd1.sriov 0000:01:00.0 4", "org.bindd1.force 0000:01:00.0 4"}));
}

/// A rule of polkit reads the ids of the card that the mediated device is of.
TEST_F(Authorization, OfMediatedDevicesIsOfTheirParent) {
    const std::string uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    const std::string asked = "org.bindd1.mdev 0000:01:00.0 i915-1 " + uuid;
    policy::Plan plan = plan_of(policy::Op::kCreateMdev, "0000:01:00.0");
    policy::Transaction& transaction = plan.transactions.front();
    transaction.steps.front().device = {"mdev", uuid};
    transaction.steps.front().value = "i915-1";
    transaction.changes.front().mdevs.emplace_back().uuid = uuid;
    EXPECT_EQ(questions({.kind = JobKind::kApply}, plan),
              (Lines{"org.bindd1.apply 0000:01:00.0 ", asked}));
    const policy::MdevSpec spec{
        .uuid = uuid, .count = {}, .type = "i915-1", .attrs = {}, .where = {}};
    for (const JobKind kind : {JobKind::kCreateMdev, JobKind::kRemoveMdev})
        EXPECT_EQ(questions({.kind = kind, .devices = {fake::pci_id("0000:01:00.0")}, .mdev = spec},
                            plan),
                  Lines{asked});
    host_.pci("0000:01:00.0").mdev_type("i915-1", 1);
    host_.mdev(uuid, "0000:01:00.0", "i915-1").group(13);
    view_.inventory = host_.inventory();
    transaction.steps.front().op = policy::Op::kRemoveMdev;
    transaction.changes.front().mdevs.clear();
    EXPECT_EQ(questions({.kind = JobKind::kRollback}, plan),
              (Lines{"org.bindd1.apply 0000:01:00.0 ", asked}));
}

TEST_F(Authorization, NeedsNoForceToOpenAMediatedDevice) {
    fake::Host host;
    host.pci("0000:03:00.0").group(12).driver("nvidia");
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "0000:03:00.0", "nvidia-63").group(13);
    view_.inventory = host.inventory();
    view_.inventory.groups.at(13).name = "vfio-noiommu";  // as VFIO names the groups of mdevs
    for (const Question& question :
         open_questions(view_, {"mdev", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"}, "type1v2"))
        EXPECT_EQ(question.action, Action::kOpen);
}

TEST_F(Authorization, IsAskedOnceWhereNoDeviceIsTouched) {
    EXPECT_EQ(questions({.kind = JobKind::kApply}), Lines{"org.bindd1.apply"});
}

TEST_F(Authorization, NeedsForceForAReleaseInSpiteOfAUser) {
    JobRequest request{.kind = JobKind::kRelease, .devices = {fake::pci_id("0000:01:00.0")}};
    EXPECT_EQ(questions(request), Lines{"org.bindd1.bind 0000:01:00.0"});
    request.bind_options.forced.codes = {policy::ReasonCode::kOpenFd};
    EXPECT_EQ(questions(request),
              (Lines{"org.bindd1.bind 0000:01:00.0", "org.bindd1.force 0000:01:00.0"}));
}

TEST_F(Authorization, NeedsForceWithoutAnIommu) {
    EXPECT_EQ(questions({.kind = JobKind::kBind, .devices = {fake::pci_id("0000:02:00.0")}}),
              (Lines{"org.bindd1.bind 0000:02:00.0", "org.bindd1.force 0000:02:00.0"}));
    EXPECT_EQ(questions({.kind = JobKind::kBind, .devices = {fake::pci_id("0000:01:00.0")}}),
              Lines{"org.bindd1.bind 0000:01:00.0"});
}

TEST_F(Authorization, OfAPlanDoesNotCoverAnotherDevice) {
    const policy::Plan plan = plan_of(policy::Op::kBind, "0000:01:00.0");
    JobRequest request{.kind = JobKind::kApply};
    EXPECT_TRUE(check_answered(view_, request, plan));  // uid 0 is asked nothing
    request.answered = plan_questions(view_, request, plan);
    EXPECT_TRUE(check_answered(view_, request, plan));
    view_.inventory.devices.front().ids.device = 0x1533;
    EXPECT_FALSE(check_answered(view_, request, plan));
}

}  // namespace
}  // namespace bindd

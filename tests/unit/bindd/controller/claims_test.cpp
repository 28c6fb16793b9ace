// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/claims.hpp"

#include <gtest/gtest.h>

#include "tests/fake/host.hpp"

namespace bindd {
namespace {

constexpr const char* kPf = "0000:01:00.0";
constexpr const char* kVf = "0000:01:10.0";
const sysfs::DeviceId kMdev{"mdev", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"};

/// What is left of a transaction of the parent's, beside a claim of `claimed`.
class Claimed : public testing::Test {
  protected:
    Claimed() {
        fake::Host host;
        host.pci(kPf).nic().group(11).driver("ixgbe");
        host.pci(kVf).nic().group(12).driver("vfio-pci");
        host.mdev_parent("mtty").mdev_type("mtty-1", 20);
        host.mdev(kMdev.name, "mtty", "mtty-1").group(13);
        state_.view.inventory = host.inventory();
        for (sysfs::Device& device : state_.view.inventory.devices)
            if (device.id == fake::pci_id(kVf))
                device.vf = sysfs::SriovVf{.pf = kPf, .index = 0};
    }

    policy::Verdict verdict(policy::Op op, const sysfs::DeviceId& device,
                            const sysfs::DeviceId& claimed) {
        policy::Transaction transaction;
        transaction.verdict = policy::Verdict::kChange;
        transaction.devices = {device};
        transaction.steps.push_back(
            {.op = op, .device = device, .value = {}, .module = {}, .result = {}, .error = {}});
        policy::Plan plan{.transactions = {std::move(transaction)}};
        state_.claims = {{claimed, "a guest"}};
        refuse_claimed(state_, plan);
        return plan.transactions.front().verdict;
    }

    ControllerState state_;
};

using policy::Op;
using policy::Verdict;

TEST_F(Claimed, VfHoldsTheVfsAndTheDriverOfItsPf) {
    const sysfs::DeviceId pf = fake::pci_id(kPf);
    EXPECT_EQ(verdict(Op::kSetVfs, pf, fake::pci_id(kVf)), Verdict::kRefused);
    EXPECT_EQ(verdict(Op::kUnbind, pf, fake::pci_id(kVf)), Verdict::kRefused);
    EXPECT_EQ(verdict(Op::kSetAccess, pf, fake::pci_id(kVf)), Verdict::kChange);
    EXPECT_EQ(verdict(Op::kSetVfs, pf, kMdev), Verdict::kChange);
}

TEST_F(Claimed, MdevHoldsItselfAndTheDriverOfItsParent) {
    EXPECT_EQ(verdict(Op::kRemoveMdev, kMdev, kMdev), Verdict::kRefused);
    EXPECT_EQ(verdict(Op::kUnbind, {"mdev_parent", "mtty"}, kMdev), Verdict::kRefused);
    EXPECT_EQ(verdict(Op::kCreateMdev, {"mdev_parent", "mtty"}, kMdev), Verdict::kChange);
}

}  // namespace
}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/claims.hpp"

#include <algorithm>
#include <utility>

#include "bindd/controller/reconciliation.hpp"
#include "policy/plan/refusal_reasons.hpp"

namespace bindd {
namespace {

/// Does a transaction of another group make the device vanish: a VF with a change of its PF's VFs,
/// or either with its parent's driver?
bool is_removed_by(const policy::Transaction& transaction, const sysfs::Device& device,
                   const sysfs::Inventory& inventory) {
    return std::any_of(
        transaction.steps.begin(), transaction.steps.end(), [&](const policy::Step& step) {
            const sysfs::Device* parent = inventory.find(step.device);
            const bool is_pf =
                device.vf && step.device == sysfs::DeviceId{device.id.bus, device.vf->pf};
            const bool is_mdev_parent =
                device.mdev && parent != nullptr && parent->mdev_parent_name == device.mdev->parent;
            return (step.op == policy::Op::kRemoveMdev && step.device == device.id) ||
                   (step.op == policy::Op::kSetVfs && is_pf) ||
                   (step.op == policy::Op::kUnbind && (is_pf || is_mdev_parent));
        });
}

}  // namespace

void refuse_claimed(const ControllerState& state, policy::Plan& plan) {
    for (policy::Transaction& transaction : plan.transactions) {
        if (transaction.verdict != policy::Verdict::kChange)
            continue;
        const std::string key = state.view.group_key(transaction);
        const auto& devices = transaction.devices;
        for (const auto& [id, why] : state.claims) {
            const sysfs::Device* claimed = state.view.inventory.find(id);
            if (state.view.group_key(id) == key ||
                std::find(devices.begin(), devices.end(), id) != devices.end() ||
                (claimed != nullptr &&
                 is_removed_by(transaction, *claimed, state.view.inventory))) {
                transaction.verdict = policy::Verdict::kRefused;
                transaction.reasons.push_back(policy::make_reason(policy::ReasonCode::kProtected,
                                                                  id, "it is claimed, for " + why));
            }
        }
    }
}

/// What a claim kept from being changed is settled once that has ended.
void on_claims_changed(StepContext& step, ClaimsChanged input) {
    const Claims before = std::exchange(step.state.claims, std::move(input.claims));
    const bool has_ended = std::any_of(before.begin(), before.end(), [&](const auto& claim) {
        return !step.state.claims.contains(claim.first);
    });
    if (has_ended)
        assess(step);
}

}  // namespace bindd

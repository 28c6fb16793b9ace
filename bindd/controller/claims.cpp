// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/claims.hpp"

#include <algorithm>
#include <utility>

#include "bindd/controller/reconciliation.hpp"
#include "policy/plan/refusal_reasons.hpp"

namespace bindd {

void refuse_claimed(const ControllerState& state, policy::Plan& plan) {
    for (policy::Transaction& transaction : plan.transactions) {
        if (transaction.verdict != policy::Verdict::kChange)
            continue;
        const std::string key = state.view.group_key(transaction);
        const auto& devices = transaction.devices;
        for (const auto& [id, why] : state.claims)
            if (state.view.group_key(id) == key ||
                std::find(devices.begin(), devices.end(), id) != devices.end()) {
                transaction.verdict = policy::Verdict::kRefused;
                transaction.reasons.push_back(policy::make_reason(policy::ReasonCode::kProtected,
                                                                  id, "it is claimed, for " + why));
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

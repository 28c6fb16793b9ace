// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/redaction.hpp"

#include <utility>

#include "policy/plan/refusal_reasons.hpp"

namespace bindd {

std::string redact(std::string text, Disclosure disclosure) {
    return disclosure == Disclosure::kEverything || text.empty() ? std::move(text) : kNotShown;
}

policy::Transaction redact(policy::Transaction transaction, Disclosure disclosure) {
    if (disclosure == Disclosure::kEverything)
        return transaction;
    for (policy::Reason& reason : transaction.reasons)
        if (policy::is_use(reason.code)) {
            reason.text = kNotShown;
            reason.evidence.reset();
        }
    for (policy::Step& step : transaction.steps)
        step.error = redact(std::move(step.error), disclosure);
    transaction.error = redact(std::move(transaction.error), disclosure);
    return transaction;
}

policy::Plan redact(policy::Plan plan, Disclosure disclosure) {
    for (policy::Transaction& transaction : plan.transactions)
        transaction = redact(std::move(transaction), disclosure);
    return plan;
}

sysfs::Usage redact(sysfs::Usage usage, Disclosure disclosure) {
    if (disclosure == Disclosure::kCodes)
        for (auto& [id, uses] : usage)
            for (sysfs::Use& use : uses) {
                use.text = kNotShown;
                use.evidence.clear();
            }
    return usage;
}

binding::HistoryEntry redact(binding::HistoryEntry entry, Disclosure disclosure) {
    entry.error = redact(std::move(entry.error), disclosure);
    return entry;
}

binding::DeviceState redact(binding::DeviceState state, const sysfs::Device& device,
                            const policy::Transaction* transaction, Disclosure disclosure) {
    if (disclosure == Disclosure::kEverything || !state.reason)
        return state;
    if (state.state == "failed" || state.state == "stuck") {
        state.reason = kNotShown;
    } else if (state.state == "refused" && transaction != nullptr) {
        const policy::Decision wanted{.device = device.id,
                                      .outcome = policy::DecisionOutcome::kWanted,
                                      .rule = nullptr,
                                      .conflicting_rules = {},
                                      .chain = {},
                                      .why = {}};
        const policy::Transaction redacted = redact(*transaction, disclosure);
        state.reason = binding::device_state(device, &wanted, &redacted).reason;
    }
    return state;
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/redaction.hpp"

#include <utility>

namespace bindd {
namespace {

using policy::ReasonCode;

/// Is the reason what a look for users has found?
bool is_use(ReasonCode code) {
    switch (code) {
        case ReasonCode::kMounted:
        case ReasonCode::kSwap:
        case ReasonCode::kHolder:
        case ReasonCode::kVfioOpen:
        case ReasonCode::kDefaultRoute:
        case ReasonCode::kAddressed:
        case ReasonCode::kEnslaved:
        case ReasonCode::kSession:
        case ReasonCode::kOpenFd:
        case ReasonCode::kConsole:
        case ReasonCode::kInput:
        case ReasonCode::kVfsInUse:
        case ReasonCode::kSignature:
        case ReasonCode::kUnknownUse:
        case ReasonCode::kFirmwareMemory:
            return true;
        case ReasonCode::kProtected:
        case ReasonCode::kGroupNotViable:
        case ReasonCode::kBridge:
        case ReasonCode::kDeadDevice:
        case ReasonCode::kNoIommu:
        case ReasonCode::kNoDriver:
        case ReasonCode::kDriverDenies:
        case ReasonCode::kAmbiguous:
            return false;
    }
    return true;
}

}  // namespace

std::string redact(std::string text, Disclosure disclosure) {
    return disclosure == Disclosure::kEverything || text.empty() ? std::move(text) : kNotShown;
}

policy::Transaction redact(policy::Transaction transaction, Disclosure disclosure) {
    if (disclosure == Disclosure::kEverything)
        return transaction;
    for (policy::Reason& reason : transaction.reasons)
        if (is_use(reason.code)) {
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

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/bus_error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bindd {
namespace {

using policy::Transaction;
using policy::Verdict;

constexpr std::array kNames{
    std::pair{BusErrorKind::kNotAuthorized, "org.bindd1.Error.NotAuthorized"},
    std::pair{BusErrorKind::kNoSuchDevice, "org.bindd1.Error.NoSuchDevice"},
    std::pair{BusErrorKind::kRefused, "org.bindd1.Error.Refused"},
    std::pair{BusErrorKind::kConflict, "org.bindd1.Error.Conflict"},
    std::pair{BusErrorKind::kBusy, "org.bindd1.Error.Busy"},
    std::pair{BusErrorKind::kStuck, "org.bindd1.Error.Stuck"},
    std::pair{BusErrorKind::kFailed, "org.bindd1.Error.Failed"},
    std::pair{BusErrorKind::kPolicyInvalid, "org.bindd1.Error.PolicyInvalid"},
    std::pair{BusErrorKind::kOptionNotPermitted, "org.bindd1.Error.OptionNotPermitted"},
};

/// Every other code is kFailed.
constexpr std::array kKinds{
    std::pair{base::Code::kInvalid, BusErrorKind::kOptionNotPermitted},
    std::pair{base::Code::kNotFound, BusErrorKind::kNoSuchDevice},
    std::pair{base::Code::kGone, BusErrorKind::kNoSuchDevice},
    std::pair{base::Code::kBusy, BusErrorKind::kBusy},
    std::pair{base::Code::kRefused, BusErrorKind::kRefused},
    std::pair{base::Code::kTimeout, BusErrorKind::kStuck},
};

template <typename Table, typename Key, typename Value>
Value look_up(const Table& table, Key key, Value otherwise) {
    for (const auto& [each, value] : table)
        if (each == key)
            return value;
    return otherwise;
}

/// The first reason that a plan gives.
std::string first_reason(const policy::Plan& plan) {
    for (const Transaction& transaction : plan.transactions)
        if (!transaction.error.empty())
            return transaction.key() + ": " + transaction.error;
    for (const Transaction& transaction : plan.transactions)
        for (const policy::Reason& reason : transaction.reasons)
            return reason.device.display() + ": " + policy::reason_name(reason.code) + ": " +
                   reason.text + (reason.evidence ? " (" + *reason.evidence + ")" : "");
    return "nothing could be done";
}

bool is_conflict(const policy::Plan& plan) {
    return std::any_of(plan.transactions.begin(), plan.transactions.end(),
                       [](const Transaction& t) { return t.verdict == Verdict::kConflict; });
}

}  // namespace

const char* bus_error_name(BusErrorKind kind) {
    return look_up(kNames, kind, "org.bindd1.Error.Failed");
}

tl::unexpected<BusError> bus_error(BusErrorKind kind, std::string text) {
    return tl::unexpected<BusError>(BusError{kind, std::move(text)});
}

BusResult<void> to_policy_result(const std::string& errors) {
    if (errors.empty())
        return {};
    return bus_error(BusErrorKind::kPolicyInvalid, "the policy files are invalid:\n" + errors);
}

BusError to_bus_error(const base::Error& error) {
    return {look_up(kKinds, error.code, BusErrorKind::kFailed), error.text()};
}

BusError redact(BusError error, Disclosure disclosure) {
    if (error.kind == BusErrorKind::kNotAuthorized || disclosure == Disclosure::kEverything)
        return error;
    error.text = redact(std::move(error.text), disclosure);
    return error;
}

BusError to_bus_error(const Job& job, Disclosure disclosure) {
    // Of a plan that raises a question which was not answered.
    if (job.error && job.error->code == base::Code::kDenied)
        return {BusErrorKind::kNotAuthorized, job.error->text()};
    if (job.error)
        return redact(to_bus_error(*job.error), disclosure);
    const std::string why = first_reason(redact(job.plan, disclosure));
    switch (job.ending.value_or(Ending::kFailed)) {
        case Ending::kRefused:
            return {is_conflict(job.plan) ? BusErrorKind::kConflict : BusErrorKind::kRefused, why};
        case Ending::kNoDevice:
            return {BusErrorKind::kNoSuchDevice, why};
        case Ending::kStuck:
            return {BusErrorKind::kStuck, why};
        case Ending::kDone:
        case Ending::kPartly:
        case Ending::kFailed:
            break;
    }
    return {BusErrorKind::kFailed, why};
}

}  // namespace bindd

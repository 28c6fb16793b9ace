// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/bus_error.hpp"

#include <algorithm>
#include <utility>

namespace bindd {
namespace {

using policy::Transaction;
using policy::Verdict;

BusErrorKind to_error_kind(base::Code code) {
    switch (code) {
        case base::Code::kInvalid:
            return BusErrorKind::kOptionNotPermitted;
        case base::Code::kNotFound:
        case base::Code::kGone:
            return BusErrorKind::kNoSuchDevice;
        case base::Code::kBusy:
            return BusErrorKind::kBusy;
        case base::Code::kRefused:
            return BusErrorKind::kRefused;
        case base::Code::kTimeout:
            return BusErrorKind::kStuck;
        case base::Code::kDenied:
        case base::Code::kUnsupported:
        case base::Code::kStale:
        case base::Code::kFailed:
            return BusErrorKind::kFailed;
    }
    return BusErrorKind::kFailed;
}

/// The first sentence of a plan that says why not.
std::string first_reason(const policy::Plan& plan) {
    for (const Transaction& transaction : plan.transactions)
        if (!transaction.error.empty())
            return transaction.key() + ": " + transaction.error;
    for (const Transaction& transaction : plan.transactions)
        for (const policy::Reason& reason : transaction.reasons)
            return reason.device.display() + ": " + policy::reason_name(reason.code) + ": " +
                   reason.text;
    return "nothing could be done";
}

bool is_conflict(const policy::Plan& plan) {
    return std::any_of(plan.transactions.begin(), plan.transactions.end(),
                       [](const Transaction& t) { return t.verdict == Verdict::kConflict; });
}

}  // namespace

const char* bus_error_name(BusErrorKind kind) {
    switch (kind) {
        case BusErrorKind::kNotAuthorized:
            return "org.bindd1.Error.NotAuthorized";
        case BusErrorKind::kNoSuchDevice:
            return "org.bindd1.Error.NoSuchDevice";
        case BusErrorKind::kRefused:
            return "org.bindd1.Error.Refused";
        case BusErrorKind::kConflict:
            return "org.bindd1.Error.Conflict";
        case BusErrorKind::kBusy:
            return "org.bindd1.Error.Busy";
        case BusErrorKind::kStuck:
            return "org.bindd1.Error.Stuck";
        case BusErrorKind::kFailed:
            return "org.bindd1.Error.Failed";
        case BusErrorKind::kPolicyInvalid:
            return "org.bindd1.Error.PolicyInvalid";
        case BusErrorKind::kOptionNotPermitted:
            return "org.bindd1.Error.OptionNotPermitted";
    }
    return "org.bindd1.Error.Failed";
}

tl::unexpected<BusError> bus_error(BusErrorKind kind, std::string text) {
    return tl::unexpected<BusError>(BusError{kind, std::move(text)});
}

BusError to_bus_error(const base::Error& error) {
    return {to_error_kind(error.code), error.text()};
}

BusError to_bus_error(const Job& job) {
    if (job.error)
        return to_bus_error(*job.error);
    const std::string why = first_reason(job.plan);
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

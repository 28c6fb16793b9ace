// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_fault.hpp"

#include <algorithm>
#include <utility>

namespace bindd {
namespace {

using policy::Transaction;
using policy::Verdict;

FaultKind kind_of(sysfs::Code code) {
    switch (code) {
        case sysfs::Code::kInvalid: return FaultKind::kOptionNotPermitted;
        case sysfs::Code::kNotFound:
        case sysfs::Code::kGone: return FaultKind::kNoSuchDevice;
        case sysfs::Code::kBusy: return FaultKind::kBusy;
        case sysfs::Code::kRefused: return FaultKind::kRefused;
        case sysfs::Code::kTimeout: return FaultKind::kStuck;
        case sysfs::Code::kDenied:
        case sysfs::Code::kUnsupported:
        case sysfs::Code::kFailed: return FaultKind::kFailed;
    }
    return FaultKind::kFailed;
}

/// The first sentence of a plan that says why not.
std::string reason_of(const policy::Plan& plan) {
    for (const Transaction& transaction : plan.transactions)
        if (!transaction.error.empty())
            return transaction.key() + ": " + transaction.error;
    for (const Transaction& transaction : plan.transactions)
        for (const policy::Reason& reason : transaction.reasons)
            return reason.device.display() + ": " + policy::reason_name(reason.code) + ": " + reason.text;
    return "nothing could be done";
}

bool is_conflict(const policy::Plan& plan) {
    return std::any_of(plan.transactions.begin(), plan.transactions.end(),
                       [](const Transaction& t) { return t.verdict == Verdict::kConflict; });
}

}  // namespace

const char* fault_name(FaultKind kind) {
    switch (kind) {
        case FaultKind::kNotAuthorized: return "org.bindd1.Error.NotAuthorized";
        case FaultKind::kNoSuchDevice: return "org.bindd1.Error.NoSuchDevice";
        case FaultKind::kRefused: return "org.bindd1.Error.Refused";
        case FaultKind::kConflict: return "org.bindd1.Error.Conflict";
        case FaultKind::kBusy: return "org.bindd1.Error.Busy";
        case FaultKind::kStuck: return "org.bindd1.Error.Stuck";
        case FaultKind::kFailed: return "org.bindd1.Error.Failed";
        case FaultKind::kPolicyInvalid: return "org.bindd1.Error.PolicyInvalid";
        case FaultKind::kOptionNotPermitted: return "org.bindd1.Error.OptionNotPermitted";
    }
    return "org.bindd1.Error.Failed";
}

tl::unexpected<Fault> fault(FaultKind kind, std::string text) {
    return tl::unexpected<Fault>(Fault{kind, std::move(text)});
}

Fault fault_of(const sysfs::Error& error) {
    return {kind_of(error.code), error.text()};
}

Fault fault_of(const Job& job) {
    if (job.error)
        return fault_of(*job.error);
    const std::string why = reason_of(job.plan);
    switch (job.ending.value_or(Ending::kFailed)) {
        case Ending::kRefused:
            return {is_conflict(job.plan) ? FaultKind::kConflict : FaultKind::kRefused, why};
        case Ending::kNoDevice: return {FaultKind::kNoSuchDevice, why};
        case Ending::kStuck: return {FaultKind::kStuck, why};
        case Ending::kDone:
        case Ending::kPartly:
        case Ending::kFailed: break;
    }
    return {FaultKind::kFailed, why};
}

}  // namespace bindd

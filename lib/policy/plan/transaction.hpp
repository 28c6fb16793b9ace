// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/decide/driver_chain.hpp"
#include "policy/model/reason_code.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace policy {

enum class Op {
    kLoadModule,
    kSetOverride,
    kUnbind,
    kBind,
    kClearOverride,
    kCreateMdev,
    kRemoveMdev,
    kSetAttr,
    kSetVfs,
    kSetAccess,
    kCheckOpen,
};
[[nodiscard]] const char* op_name(Op op);

/// Why a transaction is refused: what, on which device, and what shows it.
struct Reason {
    ReasonCode code;
    sysfs::DeviceId device;
    std::string text;
    std::optional<std::string> evidence;
    bool forceable = false;
    auto operator<=>(const Reason&) const = default;
};

/// What came of a step or a transaction; absent before it was tried.
enum class StepResult { kDone, kRolledBack, kFailed, kStuck, kSkipped };
[[nodiscard]] const char* step_result_name(StepResult result);

/// One write to the kernel, as planned; the executor adds steps when it falls back along a chain.
struct Step {
    Op op;
    sysfs::DeviceId device;
    std::optional<std::string>
        value;  ///< the driver, module, count, type ...; absent: not known yet
    std::optional<std::string> module;  ///< when the driver's name shows only once this is loaded
    std::optional<StepResult> result;
    std::string error;  ///< why it failed; empty otherwise
};

/// What is to become of one device inside a transaction: enough to carry out, fall back, and undo.
struct Change {
    sysfs::DeviceTarget target;
    std::optional<std::string> from_driver;
    std::optional<std::string> from_override;
    enum class To { kChain, kNone, kHost } to = To::kChain;
    /// For kChain: the usable ones, in order. None: its driver stays, only VFs or mdevs are
    /// missing.
    std::vector<ChainLink> candidates;
    bool taken_along = false;  ///< a group peer, not matched itself
    AccessSpec access;
    Check check = Check::kNone;
    std::optional<std::uint32_t> set_vfs;
    std::vector<MdevSpec>
        mdevs;  ///< those missing, each with its uuid; without: a VF's one virtual GPU
    std::vector<MdevSpec>
        mdevs_to_stop;  ///< asked for by hand; a rule never stops what it did not start
    std::string rule;   ///< name of the rule (or "bind" for one by hand)
    std::string where;  ///< file:line, or empty
};

enum class Verdict { kOk, kChange, kRefused, kConflict };
[[nodiscard]] const char* verdict_name(Verdict verdict);

/// All of one IOMMU group: it happens as a whole or not at all. `group` is absent for a device that
/// has none, and for one whose rule leaves its driver alone (VFs of a PF, mdevs of a parent).
struct Transaction {
    std::optional<int> group;
    Verdict verdict = Verdict::kOk;
    std::vector<sysfs::DeviceId> devices;  ///< those with a change, or, refused, those wanted
    std::vector<Change> changes;
    std::vector<Step> steps;  ///< the changes spelled out with each first candidate
    std::vector<Reason> reasons;
    std::optional<StepResult> result;
    std::string error;                                    ///< why it failed, one sentence
    std::optional<base::Code> error_code = std::nullopt;  ///< the kind of that failure, if known

    [[nodiscard]] std::string key() const;  ///< "group 15", or "pci/0000:01:00.0"
};

struct Plan {
    std::vector<Transaction> transactions;  ///< by group number, then those without
};

/// The transactions of a plan that concern these devices.
[[nodiscard]] Plan filter_plan(Plan plan, const std::vector<sysfs::DeviceId>& devices);

}  // namespace policy

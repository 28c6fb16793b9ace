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
#include "sysfs/usage/usage.hpp"

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

/// Why a transaction is refused: the reason, the device, and the evidence.
struct Reason {
    ReasonCode code;
    sysfs::DeviceId device;
    std::string text;
    std::optional<std::string> evidence;
    bool forceable = false;
    auto operator<=>(const Reason&) const = default;
};

/// The result of a step or a transaction; absent before it was tried.
enum class StepResult { kDone, kRolledBack, kFailed, kStuck, kSkipped };
[[nodiscard]] const char* step_result_name(StepResult result);

/// One write to the kernel, as planned; the executor adds steps when it falls back along a chain.
struct Step {
    Op op;
    sysfs::DeviceId device;
    std::optional<std::string>
        value;  ///< the driver, module, count, type ...; absent: not known yet
    std::optional<std::string> module;  ///< when the driver's name is known only once it is loaded
    std::optional<StepResult> result;
    std::string error;  ///< why it failed; empty otherwise
};

/// The change of one device inside a transaction: enough to execute it, fall back, and undo it.
struct Change {
    sysfs::DeviceTarget target;
    std::optional<std::string> from_driver;
    std::optional<std::string> from_override;
    using To = DriverAction::ActionKind;
    To to = To::kChain;
    /// For kChain: the usable candidates, in order. Empty: only VFs or mdevs change. For kHost only
    /// where a release is rolled back: the driver that the device goes back to.
    std::vector<ChainLink> candidates;
    bool taken_along = false;  ///< a group peer that no rule matches
    /// The kinds of use that the rule or the user allows; any other is looked for again before the
    /// unbind.
    std::vector<sysfs::UseKind> accepted_uses;
    AccessSpec access;
    Check check = Check::kNone;
    std::vector<DeviceAttribute> attrs;  ///< those that have another value now
    std::optional<std::uint32_t> set_vfs;
    std::vector<MdevSpec>
        mdevs;  ///< the missing ones, each with its uuid; without one: a VF's virtual GPU
    std::vector<MdevSpec>
        mdevs_to_stop;  ///< requested by the user, or without their driver and to be created again
    std::string rule;   ///< name of the rule ("bind-..." for a request)
    std::string where;  ///< file:line, or empty
    /// For kHost: to what stood when this transaction began; empty: when the first of ours did.
    std::string rollback = {};

    /// Of kChain: nullptr when only VFs or mdevs change.
    [[nodiscard]] const ChainLink* first_candidate() const;
    /// "host", "none" or the first candidate's driver; nothing when the driver stays, or when its
    /// name is not known before its module is loaded.
    [[nodiscard]] std::optional<std::string> target_name() const;
};

/// A device without a driver has users too: its native driver may be blocked while the console is
/// on the firmware's framebuffer, or a process may have mapped its BARs. A new driver disturbs
/// them, except a native one, which takes the framebuffer over.
[[nodiscard]] bool disturbs_users(const sysfs::Device& device, Change::To to);

enum class Verdict { kOk, kChange, kRefused, kConflict };
[[nodiscard]] const char* verdict_name(Verdict verdict);

/// The changes of one IOMMU group, executed as a whole or not at all. `group` is absent for a
/// device without one, and for a device whose rule does not change its driver (VFs of a PF, mdevs
/// of a parent).
struct Transaction {
    std::optional<int> group;
    Verdict verdict = Verdict::kOk;
    std::vector<sysfs::DeviceId> devices;  ///< those with a change; when refused, those wanted
    std::vector<Change> changes;
    std::vector<Step> steps;  ///< the changes, each with its first candidate
    std::vector<Reason> reasons;
    std::vector<std::string> notes;  ///< what is left alone in the group, a sentence each
    std::optional<StepResult> result;
    std::string error;                                    ///< why it failed, one sentence
    std::optional<base::Code> error_code = std::nullopt;  ///< the kind of that failure, if known

    [[nodiscard]] std::string key() const;  ///< "group 15", or "pci/0000:01:00.0"
    /// Is it one of `devices`?
    [[nodiscard]] bool concerns(const sysfs::DeviceId& device) const;
};

struct Plan {
    std::vector<Transaction> transactions;  ///< by group number, then those without
};

/// The transactions of a plan that concern these devices.
[[nodiscard]] Plan filter_plan(Plan plan, const std::vector<sysfs::DeviceId>& devices);

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decide/decide.hpp"
#include "sysfs/device/inventory.hpp"
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

/// The interface's reason codes, in its order.
enum class ReasonCode {
    kProtected,
    kMounted,
    kSwap,
    kHolder,
    kVfioOpen,
    kDefaultRoute,
    kAddressed,
    kEnslaved,
    kSession,
    kOpenFd,
    kGroupNotViable,
    kConsole,
    kVfsInUse,
    kBridge,
    kSignature,
    kNoIommu,
    kNoDriver,
    kDriverDenies,
    kAmbiguous,
};
[[nodiscard]] const char* reason_name(ReasonCode code);
[[nodiscard]] std::optional<ReasonCode> parse_reason_code(std::string_view name);
/// Can `--force` or `in_use: {allow: ...}` lift it? Never what the kernel itself would refuse.
[[nodiscard]] bool is_forceable(ReasonCode code);
[[nodiscard]] std::vector<std::string_view> forceable_names();
[[nodiscard]] std::string forceable_list();  ///< "one of: mounted, swap, ...", for messages

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
    std::string error;  ///< why it failed, one sentence

    [[nodiscard]] std::string key() const;  ///< "group 15", or "pci/0000:01:00.0"
};

struct Plan {
    std::vector<Transaction> transactions;  ///< by group number, then those without
};

/// Reasons lifted by hand, by their names (`--force`); a rule's own in_use list counts beside it.
struct ForcedReasons {
    std::set<ReasonCode> codes;
};

/// The devices that a plan would take from a driver: those whose usage has to be looked up first.
[[nodiscard]] std::vector<sysfs::DeviceId> devices_losing_driver(const Decisions& decisions,
                                                                 const sysfs::Inventory& inventory);

/// The one planner: `plan` prints what `apply` does. Planning again after a plan was carried out
/// yields `ok`: a device on any usable driver of its chain is as wanted, however it came there and
/// whatever its override says (a candidate ahead of it may have refused the device before). Who may
/// open the nodes (`access`) is set right on a bound device as well; whether they open (`check`)
/// goes with binding it.
[[nodiscard]] Plan make_plan(const PolicySet& set, const Decisions& decisions,
                             const sysfs::Inventory& inventory, const sysfs::Drivers& drivers,
                             const sysfs::Usage& usage, const ForcedReasons& forced = {});

}  // namespace policy

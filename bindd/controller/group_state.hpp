// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>

/// The state of one IOMMU group, or of a device that is in none.
///
///               changed                  scanned, work to do
///   settled ───────────────▶ dirty ────────────────────────────▶ working ──┐ changed:
///      ▲ ▲                    │   ▲                                │  │  ▲   │ working dirty
///      │ │ scanned, in sync   │   │ changed                        │  │  └───┘
///      │ └────────────────────┤   │                    done, failed│  │ deadline
///      │   scanned, blocked   ▼   │                                │  ▼
///      └──────────────────── waiting ◀─────────────────────────────┘ stuck ──▶ dirty (returned)
///
/// `changed` is any hint (a uevent, a request, a policy set): it only ever causes a scan.
namespace bindd {

enum class GroupState {
    kSettled,       ///< as declared at the last scan
    kDirty,         ///< something may have changed: a scan follows
    kWorking,       ///< a transaction is under way
    kWorkingDirty,  ///< a transaction is under way, and something has changed meanwhile
    kWaiting,       ///< not as declared, and not to be changed now: refused, in conflict, failed,
                    ///< drifted, or changed manually
    kStuck,         ///< a write did not return; its worker is abandoned
};
[[nodiscard]] const char* group_state_name(GroupState state);

enum class GroupEvent {
    kChanged,   ///< a uevent, a policy change, a request: scan again
    kInSync,    ///< scanned: nothing to do
    kBlocked,   ///< scanned: not as wanted, and not to be changed now
    kStarted,   ///< a transaction was given to the executor
    kFinished,  ///< it is through, well or not
    kTimedOut,  ///< it did not come back in time
    kReturned,  ///< what was stuck has come back
    kVanished,  ///< no device of it is left
};

enum class GroupAction {
    kNone,
    kScan,  ///< read the group's devices, soon
    kDrop,  ///< drop the group
};

struct GroupStep {
    GroupState state;
    GroupAction action;
    auto operator<=>(const GroupStep&) const = default;
};

/// Total: every event has an answer in every state.
[[nodiscard]] GroupStep next(GroupState state, GroupEvent event);

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>

/// Where one IOMMU group (or a device that has none) stands with the daemon.
///
///               changed                   looked, work to do
///   settled ───────────────▶ stirred ──────────────────────────▶ working ──┐ changed: working,
///   stirred
///      ▲ ▲                    │   ▲                                │  │  ▲   │
///      │ │ looked, nothing    │   │ changed                        │  │  └───┘
///      │ └────────────────────┤   │                    done, failed│  │ deadline
///      │        looked, no    ▼   │                                │  ▼
///      │ ◀────────────────── waiting ◀─────────────────────────────┘ stuck ──▶ stirred (let go)
///
/// `changed` is any hint from outside (a uevent, a request, a policy set): it only ever causes a
/// look.
namespace bindd {

enum class GroupState {
    kSettled,       ///< as declared when last looked at
    kDirty,         ///< something may have changed: a look is coming
    kWorking,       ///< a transaction is under way
    kWorkingDirty,  ///< a transaction is under way, and something has changed meanwhile
    kWaiting,       ///< not as declared, and nothing to be done about it now: refused, in conflict,
                    ///< failed, drifted, or held by hand
    kStuck,         ///< a write did not come back; its worker is left behind
};
[[nodiscard]] const char* group_state_name(GroupState state);

enum class GroupEvent {
    kChanged,   ///< a uevent, a policy change, a request: look again
    kInSync,    ///< looked: nothing to do
    kBlocked,   ///< looked: not as wanted, and not to be touched now
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

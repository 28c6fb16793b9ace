// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/group_status.hpp"

#include <array>
#include <cstddef>
#include <optional>

#include "base/name_table.hpp"

namespace bindd {
namespace {

/// Nothing: the state stays.
using Transition = std::optional<GroupStep>;

constexpr Transition kStay = std::nullopt;
/// Something has changed, or a stuck write has returned.
constexpr Transition kRequestScan = GroupStep{GroupState::kDirty, GroupAction::kScan};
constexpr Transition kDropGroup = GroupStep{GroupState::kSettled, GroupAction::kDrop};
constexpr Transition to(GroupState state) {
    return GroupStep{state, GroupAction::kNone};
}

/// The transitions of an event.
///
/// Idle: no transaction is in progress. One that starts without a scan of the group was planned by
/// an apply; one that ends here was given up before.
/// Working: a scan during a transaction finds an intermediate state, which means nothing. The group
/// is scanned when the transaction has ended, so its own uevents need no scan.
/// Stuck: the group is neither changed nor scanned, since reading it could hang as well. For a
/// device that vanishes the kernel's unbind has not ended yet.
struct EventTransitions {
    Transition idle;
    Transition working;
    Transition stuck;
};

constexpr std::array<EventTransitions, static_cast<std::size_t>(GroupEvent::kVanished) + 1>
    kTransitions{{
        /* kChanged */ {kRequestScan, to(GroupState::kWorkingDirty), kStay},
        /* kInSync */ {to(GroupState::kSettled), kStay, kStay},
        /* kBlocked */ {to(GroupState::kWaiting), kStay, kStay},
        /* kStarted */ {to(GroupState::kWorking), kStay, kStay},
        /* kFinished */ {kRequestScan, kRequestScan, kStay},
        /* kTimedOut */ {to(GroupState::kStuck), to(GroupState::kStuck), kStay},
        /* kReturned */ {kRequestScan, kStay, kRequestScan},
        /* kVanished */ {kDropGroup, kStay, kStay},
    }};

constexpr base::NameTable<GroupState::kStuck> kGroupStateNames{
    "up-to-date", "dirty", "working", "working-dirty", "waiting", "stuck"};

/// The start state changes while a native driver is being bound to the device.
constexpr unsigned kMaxAttempts = 5;
/// Before the second attempt; doubled before each further one.
constexpr std::chrono::seconds kRetryDelay{1};

/// The drivers and overrides from which a transaction starts.
std::string start_state(const policy::Transaction& transaction) {
    std::string text = "from";
    for (const policy::Change& change : transaction.changes)
        text += " " + change.target.id.text() + "=" + change.from_driver.value_or("") + "/" +
                change.from_override.value_or("");
    return text;
}

}  // namespace

GroupStep next(GroupState state, GroupEvent event) {
    const EventTransitions& row = kTransitions.at(static_cast<std::size_t>(event));
    const bool working = state == GroupState::kWorking || state == GroupState::kWorkingDirty;
    const Transition& found = state == GroupState::kStuck ? row.stuck
                              : working                   ? row.working
                                                          : row.idle;
    return found.value_or(GroupStep{state, GroupAction::kNone});
}

const char* group_state_name(GroupState state) {
    return kGroupStateNames[state];
}

bool GroupStatus::should_retry(const policy::Transaction& transaction, Time now) const {
    return !has_failed() ||
           (failed_attempts < kMaxAttempts &&
            (failed_from != start_state(transaction) || (retry_at && *retry_at <= now)));
}

void GroupStatus::record_attempt(const policy::Transaction& transaction, Time now) {
    const bool done = transaction.result == policy::StepResult::kDone;
    was_in_sync = false;
    failed_from = done ? "" : start_state(transaction);
    failed_attempts = done ? 0 : failed_attempts + 1;
    // An error without a code is nobody's answer: the worker was killed, or could not be started.
    const bool interrupted = !done && !transaction.error_code &&
                             transaction.result != policy::StepResult::kStuck &&
                             failed_attempts < kMaxAttempts;
    retry_at = interrupted ? std::optional(now + kRetryDelay * (1U << (failed_attempts - 1)))
                           : std::nullopt;
}

}  // namespace bindd

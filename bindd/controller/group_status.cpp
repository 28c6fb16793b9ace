// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/group_status.hpp"

namespace bindd {

namespace {

/// The start state changes while a native driver is being bound to the device.
constexpr unsigned kMaxAttempts = 5;

/// The drivers and overrides from which a transaction starts.
std::string start_state(const policy::Transaction& transaction) {
    std::string text = "from";
    for (const policy::Change& change : transaction.changes)
        text += " " + change.target.id.text() + "=" + change.from_driver.value_or("") + "/" +
                change.from_override.value_or("");
    return text;
}

}  // namespace

bool GroupStatus::should_retry(const policy::Transaction& transaction) const {
    return !has_failed() ||
           (failed_attempts < kMaxAttempts && failed_from != start_state(transaction));
}

void GroupStatus::record_attempt(const policy::Transaction& transaction) {
    const bool done = transaction.result == policy::StepResult::kDone;
    was_in_sync = false;
    failed_from = done ? "" : start_state(transaction);
    failed_attempts = done ? 0 : failed_attempts + 1;
}

}  // namespace bindd

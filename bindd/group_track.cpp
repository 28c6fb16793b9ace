// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/group_track.hpp"

namespace bindd {

namespace {

/// A device that a native driver was just about to take stands otherwise a moment later.
constexpr unsigned kMostTries = 5;

/// What a transaction begins from: drivers and overrides of its devices.
std::string standing(const policy::Transaction& transaction) {
    std::string text = "from";
    for (const policy::Change& change : transaction.changes)
        text += " " + change.target.id.text() + "=" + change.from_driver.value_or("") + "/" +
                change.from_override.value_or("");
    return text;
}

}  // namespace

bool GroupTrack::is_worth_a_try(const policy::Transaction& transaction) const {
    return !has_failed() || (tries < kMostTries && tried != standing(transaction));
}

void GroupTrack::note_try(const policy::Transaction& transaction) {
    const bool done = transaction.result == policy::StepResult::kDone;
    was_wanted = false;
    tried = done ? "" : standing(transaction);
    tries = done ? 0 : tries + 1;
}

}  // namespace bindd

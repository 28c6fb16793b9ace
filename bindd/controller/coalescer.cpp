// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/coalescer.hpp"

#include <algorithm>

namespace bindd {

void Coalescer::mark_dirty(const std::string& group, TimePoint now) {
    Waiting& waiting = waiting_.try_emplace(group, Waiting{now, now}).first->second;
    waiting.due = std::min(now + quiet_, waiting.since + longest_);
}

void Coalescer::expedite(const std::string& group, TimePoint now) {
    waiting_[group] = {now, now};
}

std::vector<std::string> Coalescer::take_due(TimePoint now) {
    std::vector<std::string> due;
    for (auto at = waiting_.begin(); at != waiting_.end();)
        if (at->second.due <= now) {
            due.push_back(at->first);
            at = waiting_.erase(at);
        } else {
            ++at;
        }
    return due;
}

std::optional<Coalescer::TimePoint> Coalescer::next() const {
    std::optional<TimePoint> next;
    for (const auto& [group, waiting] : waiting_)
        if (!next || waiting.due < *next)
            next = waiting.due;
    return next;
}

}  // namespace bindd

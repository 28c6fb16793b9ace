// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bindd {

/// Coalesces events: a dirty group is due when no more events have come for a moment, or when it
/// has waited for the maximum time. A value without a clock.
class Coalescer {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Span = std::chrono::steady_clock::duration;

    /// `quiet`: the time without events; `longest`: the longest delay of a group.
    Coalescer(Span quiet, Span longest) : quiet_(quiet), longest_(longest) {}

    void mark_dirty(const std::string& group, TimePoint now);
    /// Makes the group due at once.
    void expedite(const std::string& group, TimePoint now);
    [[nodiscard]] std::vector<std::string> take_due(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next() const;
    [[nodiscard]] bool is_waiting(const std::string& group) const {
        return waiting_.contains(group);
    }
    void forget(const std::string& group) { waiting_.erase(group); }

  private:
    struct Waiting {
        TimePoint since;
        TimePoint due;
    };
    Span quiet_;
    Span longest_;
    std::map<std::string, Waiting> waiting_;
};

}  // namespace bindd

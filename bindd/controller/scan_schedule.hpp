// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sysfs/device/names.hpp"

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
    /// Makes the group due at that time, or earlier if it is to be already.
    void defer(const std::string& group, TimePoint until) {
        waiting_.try_emplace(group, Waiting{until, until});
    }
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

/// Scans run concurrently and may end in another order than they began. An earlier scan that ends
/// after a later one must not replace its result for a device, or a device that was plugged in
/// between is lost. A value.
class ScanSequence {
  public:
    /// The number of a scan that begins.
    [[nodiscard]] unsigned begin();
    /// That of the last scan that began.
    [[nodiscard]] unsigned last() const { return last_; }
    /// Has a scan that began later reported the device already?
    [[nodiscard]] bool is_stale(unsigned scan, const sysfs::DeviceId& device) const;
    /// It has reported these devices; none if it failed.
    void end(unsigned scan, const std::vector<sysfs::DeviceId>& devices);
    /// It has reported all devices.
    void end_all(unsigned scan);

  private:
    void forget_if_idle();

    unsigned last_ = 0;
    std::set<unsigned> running_;
    std::map<sysfs::DeviceId, unsigned> last_scan_of_;  ///< the last scan that reported it
    unsigned last_full_scan_ = 0;
};

}  // namespace bindd

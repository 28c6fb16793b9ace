// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/scan_schedule.hpp"

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

unsigned ScanSequence::begin() {
    running_.insert(++last_);
    return last_;
}

bool ScanSequence::is_stale(unsigned scan, const sysfs::DeviceId& device) const {
    const auto devices = last_scan_of_.find(device);
    return last_full_scan_ > scan || (devices != last_scan_of_.end() && devices->second > scan);
}

void ScanSequence::end(unsigned scan, const std::vector<sysfs::DeviceId>& devices) {
    running_.erase(scan);
    for (const sysfs::DeviceId& device : devices)
        last_scan_of_[device] = std::max(last_scan_of_[device], scan);
    forget_if_idle();
}

void ScanSequence::end_all(unsigned scan) {
    running_.erase(scan);
    last_full_scan_ = std::max(last_full_scan_, scan);
    forget_if_idle();
}

/// No running scan can become stale any more.
void ScanSequence::forget_if_idle() {
    if (running_.empty())
        last_scan_of_.clear();
}

}  // namespace bindd

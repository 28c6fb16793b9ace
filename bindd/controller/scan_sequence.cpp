// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/scan_sequence.hpp"

#include <algorithm>

namespace bindd {

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

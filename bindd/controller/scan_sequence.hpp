// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <vector>

#include "sysfs/device/names.hpp"

namespace bindd {

/// Scans run concurrently and may end in another order than they began. An earlier scan that ends
/// after a later one must not replace its result for a device, or a device that was plugged in
/// between is lost. A value.
class ScanSequence {
  public:
    /// The number of a scan that begins.
    [[nodiscard]] unsigned begin();
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

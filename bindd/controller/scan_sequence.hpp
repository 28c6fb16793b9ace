// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <vector>

#include "sysfs/device/names.hpp"

namespace bindd {

/// Looks are under way side by side and may end in another order than they began: what a later one
/// has told of a device, an earlier one that comes in after it must not tell again, or a device
/// that was plugged in between is lost. A value.
class ScanSequence {
  public:
    /// The number of a scan that begins.
    [[nodiscard]] unsigned begin();
    /// Has a scan that began later told of the device already?
    [[nodiscard]] bool is_stale(unsigned scan, const sysfs::DeviceId& device) const;
    /// It has told of these devices; of none when it failed.
    void end(unsigned scan, const std::vector<sysfs::DeviceId>& devices);
    /// It has told of all there are.
    void end_all(unsigned scan);

  private:
    void forget_if_idle();

    unsigned last_ = 0;
    std::set<unsigned> running_;
    std::map<sysfs::DeviceId, unsigned> last_scan_of_;  ///< the last scan that told of it
    unsigned last_full_scan_ = 0;
};

}  // namespace bindd

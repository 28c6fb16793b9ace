// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <vector>

#include "sysfs/names.hpp"

namespace bindd {

/// Looks are under way side by side and may end in another order than they began: what a later one has told of a device,
/// an earlier one that comes in after it must not tell again, or a device that was plugged in between is lost. A value.
class LookOrder {
  public:
    /// The number of a look that begins.
    [[nodiscard]] unsigned begin();
    /// Has a look that began later told of the device already?
    [[nodiscard]] bool is_overtaken(unsigned look, const sysfs::DeviceId& device) const;
    /// It has told of these devices; of none when it failed.
    void end(unsigned look, const std::vector<sysfs::DeviceId>& told);
    /// It has told of all there are.
    void end_whole(unsigned look);

  private:
    void forget_if_idle();

    unsigned last_ = 0;
    std::set<unsigned> under_way_;
    std::map<sysfs::DeviceId, unsigned> told_;  ///< the last look that told of it
    unsigned told_all_ = 0;
};

}  // namespace bindd

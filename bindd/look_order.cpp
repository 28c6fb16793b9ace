// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/look_order.hpp"

#include <algorithm>

namespace bindd {

unsigned LookOrder::begin() {
    under_way_.insert(++last_);
    return last_;
}

bool LookOrder::is_overtaken(unsigned look, const sysfs::DeviceId& device) const {
    const auto told = told_.find(device);
    return told_all_ > look || (told != told_.end() && told->second > look);
}

void LookOrder::end(unsigned look, const std::vector<sysfs::DeviceId>& told) {
    under_way_.erase(look);
    for (const sysfs::DeviceId& device : told)
        told_[device] = std::max(told_[device], look);
    forget_if_idle();
}

void LookOrder::end_whole(unsigned look) {
    under_way_.erase(look);
    told_all_ = std::max(told_all_, look);
    forget_if_idle();
}

/// Nobody is left to be overtaken.
void LookOrder::forget_if_idle() {
    if (under_way_.empty())
        told_.clear();
}

}  // namespace bindd

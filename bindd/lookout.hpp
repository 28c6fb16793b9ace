// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "bindd/executor_link.hpp"
#include "bindd/look_order.hpp"
#include "bindd/untouchable.hpp"
#include "bindd/view.hpp"
#include "sysfs/inventory.hpp"

namespace bindd {

/// How the keeper sees the host: through the executor's readers, all of it or some devices, never
/// those that must not be touched. What is seen goes into the view, and never over what was seen
/// later. Outlives the link's answers.
class Lookout {
  public:
    using Ids = std::vector<sysfs::DeviceId>;
    using Seen = std::function<void(const sysfs::Result<View::Difference>&)>;
    using Done = std::function<void(const sysfs::Result<void>&)>;

    Lookout(ExecutorLink& executor, View& view, const Untouchable& untouchable)
        : executor_(executor), view_(view), untouchable_(untouchable) {}
    Lookout(const Lookout&) = delete;
    Lookout& operator=(const Lookout&) = delete;
    ~Lookout() = default;

    /// What the policies in force go by, and what is shown to whoever asks.
    [[nodiscard]] sysfs::Wanted wanted() const;
    /// The whole host.
    void look(Seen seen);
    /// Some devices.
    void read(const Ids& ids, const sysfs::Wanted& what, Seen seen);
    /// The next look, whichever, is to see the drivers anew.
    void mind_drivers() { drivers_stale_ = true; }

    /// Who uses these devices. Without an answer nothing is known of them, and what is not known to
    /// be free is not taken.
    void ask_usage(Ids ids, Done done);
    [[nodiscard]] bool knows_usage(const sysfs::DeviceId& id) const {
        return usage_known_.contains(id);
    }
    /// It may be another one by now.
    void doubt_usage(const sysfs::DeviceId& id) { usage_known_.erase(id); }
    void doubt_all_usage() { usage_known_.clear(); }

  private:
    ExecutorLink& executor_;
    View& view_;
    const Untouchable& untouchable_;
    LookOrder order_;
    std::set<sysfs::DeviceId> usage_known_;
    bool drivers_stale_ = true;
};

}  // namespace bindd

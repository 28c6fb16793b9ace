// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "base/non_copyable.hpp"
#include "bindd/controller/job.hpp"
#include "policy/model/diagnostic.hpp"
#include "sysfs/device/device.hpp"

namespace bindd {

/// Is notified of changes in the controller's state. Called from the event loop, after the state
/// has changed; a handler may read the state and submit jobs.
class Observer : base::NonCopyable {
  public:
    virtual ~Observer() = default;

    virtual void device_appeared(const sysfs::DeviceId& /*id*/) {}
    /// In anything that `list` or `show` prints: driver, state, reason, wanted driver, nodes.
    virtual void device_changed(const sysfs::DeviceId& /*id*/) {}
    virtual void device_vanished(const sysfs::DeviceId& /*id*/) {}
    virtual void group_appeared(int /*group*/) {}
    virtual void group_changed(int /*group*/) {}
    virtual void group_vanished(int /*group*/) {}
    virtual void counts_changed() {}

    virtual void job_changed(const Job& /*job*/) {}  ///< state or progress
    virtual void job_ended(const Job& /*job*/) {}
    /// One transaction has its result; `job` may have more. Also for the daemon's own jobs.
    virtual void transaction_finished(const Job& /*job*/,
                                      const policy::Transaction& /*transaction*/) {}
    /// `diagnostics` has an error: the set in force stays in force.
    virtual void policies_reloaded(const std::vector<policy::Diagnostic>& /*diagnostics*/) {}
    virtual void ready() {}  ///< the first reconcile is through
};

}  // namespace bindd

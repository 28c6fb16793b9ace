// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "bindd/controller/quarantined_devices.hpp"
#include "bindd/controller/scan_sequence.hpp"
#include "bindd/controller/view.hpp"
#include "bindd/executor/executor_client.hpp"
#include "sysfs/device/inventory.hpp"

namespace bindd {

/// How the controller sees the host: through the executor's readers, all of it or some devices,
/// never those that must not be touched. What is seen goes into the view, and never over what was
/// seen later. Outlives the link's answers.
class HostScanner {
  public:
    using DeviceIds = std::vector<sysfs::DeviceId>;
    using ScanCallback = std::function<void(const base::Result<View::Difference>&)>;
    using QueryCallback = std::function<void(const base::Result<void>&)>;

    HostScanner(ExecutorClient& executor, View& view, const QuarantinedDevices& quarantine)
        : executor_(executor), view_(view), quarantine_(quarantine) {}
    HostScanner(const HostScanner&) = delete;
    HostScanner& operator=(const HostScanner&) = delete;
    ~HostScanner() = default;

    /// What the policies in force go by, and what is shown to whoever asks.
    [[nodiscard]] sysfs::ScanOptions wanted() const;
    /// The whole host.
    void scan_host(ScanCallback callback);
    /// Some devices.
    void scan_devices(const DeviceIds& ids, const sysfs::ScanOptions& what, ScanCallback callback);
    /// The next look, whichever, is to see the drivers anew.
    void invalidate_drivers() { drivers_stale_ = true; }

    /// Who uses these devices. Without an answer nothing is known of them, and what is not known to
    /// be free is not taken.
    void query_usage(DeviceIds ids, QueryCallback callback);
    [[nodiscard]] bool has_usage(const sysfs::DeviceId& id) const {
        return usage_known_.contains(id);
    }
    /// It may be another one by now.
    void invalidate_usage(const sysfs::DeviceId& id) { usage_known_.erase(id); }
    void invalidate_all_usage() { usage_known_.clear(); }

  private:
    ExecutorClient& executor_;
    View& view_;
    const QuarantinedDevices& quarantine_;
    ScanSequence sequence_;
    std::set<sysfs::DeviceId> usage_known_;
    bool drivers_stale_ = true;
};

}  // namespace bindd

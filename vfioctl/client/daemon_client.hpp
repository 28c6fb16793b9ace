// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding/report/host_snapshot.hpp"
#include "policy/plan/plan.hpp"
#include "vfioctl/client/daemon_bus.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// The daemon as commands see it: its replies as the values that the same work without a daemon
/// has, its errors as failures of the command.
class DaemonClient {
  public:
    /// Searches the bus of BINDD_BUS_ADDRESS, else the system bus (another one by
    /// DBUS_SYSTEM_BUS_ADDRESS). Null when no daemon is on it; none is started.
    /// An error when a daemon is running and the module that talks to it is not installed.
    [[nodiscard]] static CliResult<std::unique_ptr<DaemonClient>> find(
        const std::string& run_directory);
    explicit DaemonClient(std::unique_ptr<DaemonBus> bus) : bus_(std::move(bus)) {}

    /// The host as the daemon sees it, with the users of `usage_of`, which it determines now.
    [[nodiscard]] CliResult<binding::HostSnapshot> fetch_snapshot(
        const std::vector<std::string>& usage_of);

    /// What a change has done.
    struct ChangeResult {
        policy::Plan plan;
        std::vector<std::string> warnings;
    };
    /// Follows the job. When the daemon dies under it and comes back, it has undone what was
    /// unfinished: it is asked once more, but for a rollback, which would undo another one, and for
    /// a mediated device.
    [[nodiscard]] CliResult<ChangeResult> run_job(
        const ChangeRequest& request,
        const std::function<void(const binding::Progress&)>& progress);

    [[nodiscard]] CliResult<void> reload();
    [[nodiscard]] CliResult<std::vector<binding::HistoryEntry>> history();
    [[nodiscard]] CliResult<BusProperties> properties(const std::string& path,
                                                      const std::string& interface);
    /// Every signal of the daemon from now on, until `on_signal` stops it.
    [[nodiscard]] CliResult<void> listen(
        const std::function<AfterSignal(const BusSignal&)>& on_signal);

    /// How long a daemon that died is waited for.
    std::chrono::milliseconds patience{30'000};

  private:
    [[nodiscard]] DaemonBusResult<std::vector<std::string>> follow_job(
        const ChangeRequest& request,
        const std::function<void(const binding::Progress&)>& progress);
    [[nodiscard]] bool comes_back();

    std::unique_ptr<DaemonBus> bus_;
};

}  // namespace vfioctl

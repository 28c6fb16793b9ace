// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/command.hpp"
#include "vfioctl/render/monitor_event.hpp"

namespace vfioctl {

/// Turns signals into events. Keeps the devices' names by their object paths, and their states, so
/// that what a stopped daemon did not report is found in the snapshot of the next one.
class SignalDecoder {
  public:
    /// "present" for each device of the first snapshot; later what has changed since the last
    /// event.
    [[nodiscard]] std::vector<MonitorEvent> update(const binding::HostSnapshot& snapshot);
    /// Nothing for a signal that the monitor does not show.
    [[nodiscard]] std::optional<MonitorEvent> decode(const BusSignal& signal);

  private:
    struct MonitoredDevice {
        std::string name;
        BusProperties properties;  ///< Driver and State
    };
    [[nodiscard]] std::optional<MonitorEvent> event(const PropertiesChanged& signal);
    [[nodiscard]] std::optional<MonitorEvent> event(const InterfacesAdded& signal);
    [[nodiscard]] std::optional<MonitorEvent> event(const InterfacesRemoved& signal);
    [[nodiscard]] std::optional<MonitorEvent> event(const TransactionFinishedSignal& signal) const;
    [[nodiscard]] std::optional<MonitorEvent> event(const DaemonPresence& signal) const;

    std::map<std::string, MonitoredDevice> devices_;  ///< by object path
    bool is_first_ = true;
};

[[nodiscard]] CliResult<ExitCode> run_monitor(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// A line of `vfioctl monitor`: what happened to which device or group, and the new values.
struct MonitorEvent {
    std::string what;  ///< appeared, changed, vanished, transaction, policies
    std::string subject;
    BusProperties changes;
};

/// Turns signals into events. Keeps the names of the devices by their object paths.
class SignalDecoder {
  public:
    explicit SignalDecoder(const binding::HostSnapshot& snapshot);
    /// Nothing for a signal that the monitor does not show.
    [[nodiscard]] std::optional<MonitorEvent> decode(const BusSignal& signal);

  private:
    [[nodiscard]] std::optional<MonitorEvent> event(const PropertiesChanged& signal) const;
    [[nodiscard]] std::optional<MonitorEvent> event(const InterfacesAdded& signal);
    [[nodiscard]] std::optional<MonitorEvent> event(const InterfacesRemoved& signal);
    [[nodiscard]] std::optional<MonitorEvent> event(const TransactionFinishedSignal& signal) const;

    std::map<std::string, std::string> names_;
};

[[nodiscard]] CliResult<ExitCode> run_monitor(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl

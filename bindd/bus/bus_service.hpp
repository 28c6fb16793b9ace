// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "sysfs/host/root.hpp"

namespace bindd {

/// The daemon on the bus: org.bindd1 with everything below /org/bindd1. Lives in the event loop
/// that it is given, on the loop's thread. Nothing here waits for anyone, and nothing that a caller
/// does ends the daemon.
class BusService {
  public:
    struct BusSettings {
        std::string address;  ///< empty: the system bus
        sysfs::Root root;     ///< whose hardware database names the devices
    };

    /// Connects, and gives back the leases of the daemon before. The name is asked for once the
    /// first look at the host has been told of, so that who waits for the name (D-Bus activation)
    /// finds the devices.
    [[nodiscard]] static base::Result<std::unique_ptr<BusService>> open(
        sd_event* event, ControllerRunner& controller, const BusSettings& options);
    BusService(const BusService&) = delete;
    BusService& operator=(const BusService&) = delete;
    ~BusService();

    [[nodiscard]] bool owns_name() const;
    /// Called when the name is ours, or cannot be had: another daemon has it, the bus' policy says
    /// no.
    void on_name(std::function<void(base::Result<void>)> told);

  private:
    class Impl;
    explicit BusService(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// As `--bus` says: "none", "system", or an address. `owned` is called when the name is ours (at
/// once without a bus); when it cannot be had the loop ends with a failure, since there is a daemon
/// already or none is wanted.
[[nodiscard]] base::Result<std::shared_ptr<void>> attach_bus(sd_event* event,
                                                             ControllerRunner& controller,
                                                             const std::string& bus,
                                                             const std::function<void()>& owned);

}  // namespace bindd

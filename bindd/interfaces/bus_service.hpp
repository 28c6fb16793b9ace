// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <memory>
#include <string>

#include "base/non_copyable.hpp"
#include "base/result.hpp"
#include "bindd/bus/name_owner.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "sysfs/host/root.hpp"

namespace bindd {

/// The daemon on the bus: the name org.bindd1 and all objects below /org/bindd1. Runs in the event
/// loop of its caller. Nothing here blocks, and no call ends the daemon.
class BusService : base::NonCopyable {
  public:
    struct BusSettings {
        std::string address;  ///< empty for the system bus
        sysfs::Root root;     ///< of the hardware database
    };

    /// Connects, and recovers the leases of the previous daemon. The name is requested after the
    /// first scan has been published, so that a caller that D-Bus activation keeps waiting for the
    /// name finds the devices.
    [[nodiscard]] static base::Result<std::unique_ptr<BusService>> open(
        sd_event* event, ControllerRunner& controller, const BusSettings& options);
    ~BusService();

    /// `notified` is called when the daemon owns the name, or cannot: another daemon owns it, or
    /// the policy of the bus does not permit it.
    void on_name(NameOwner::Callback notified);

  private:
    class Impl;
    explicit BusService(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

/// Attaches the daemon to the bus that `--bus` names: "none", "system" or an address. `owned` is
/// called when the daemon owns its name, without a bus at once. If it cannot own the name, the loop
/// ends with a failure: another daemon is running, or none is wanted. The result keeps the daemon
/// on the bus.
[[nodiscard]] base::Result<std::shared_ptr<void>> attach_bus(sd_event* event,
                                                             ControllerRunner& controller,
                                                             const std::string& bus,
                                                             const std::function<void()>& owned);

}  // namespace bindd

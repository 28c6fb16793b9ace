// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "dbus/sdbus_compat.hpp"
#include "vfioctl/client/daemon_bus.hpp"

/// Values of sdbus-c++ as values of DaemonBus, and back. All of it throws sdbus::Error.
namespace vfioctl {

using BusVariants = std::map<std::string, sdbus::Variant>;

[[nodiscard]] BusProperties to_properties(const BusVariants& values);
[[nodiscard]] BusVariants to_variants(const CallOptions& options);
/// Nothing for a signal that vfioctl does not use.
[[nodiscard]] std::optional<BusSignal> read_signal(sdbus::Message& message);

}  // namespace vfioctl

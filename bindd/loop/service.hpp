// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace bindd {

/// Notifies systemd about the state of the service; does nothing without systemd.
class ServiceNotifier {
  public:
    void ready(const std::string& status) const;
    void status(const std::string& text) const;
    /// With the time it began: systemd takes the READY that follows it for the end of this reload
    /// only.
    void reloading() const;
    void stopping() const;
    void ping_watchdog() const;
    /// How often systemd wants to hear that we are alive.
    [[nodiscard]] static std::optional<std::chrono::microseconds> watchdog_interval();

  private:
    static void send(const std::string& state);
};

/// Permanently drops every capability of this process and of programs that it executes. The process
/// remains user 0 with access to root's files.
[[nodiscard]] base::Result<void> drop_privileges();

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/service_notifier.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>

namespace bindd {

void ServiceNotifier::send(const std::string& state) {
    (void)sd_notify(0, state.c_str());
}

void ServiceNotifier::ready(const std::string& status) const {
    send("READY=1\nSTATUS=" + status);
}

void ServiceNotifier::status(const std::string& text) const {
    send("STATUS=" + text);
}

void ServiceNotifier::reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::uint64_t us = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
                             static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void ServiceNotifier::stopping() const {
    send("STOPPING=1");
}

void ServiceNotifier::ping_watchdog() const {
    send("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> ServiceNotifier::watchdog_interval() {
    std::uint64_t us = 0;
    if (sd_watchdog_enabled(0, &us) <= 0)
        return std::nullopt;
    return std::chrono::microseconds(us);
}

}  // namespace bindd

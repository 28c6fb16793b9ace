// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/notifier.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>

namespace bindd {

void Notifier::say(const std::string& state) {
    (void)sd_notify(0, state.c_str());
}

void Notifier::ready(const std::string& status) const {
    say("READY=1\nSTATUS=" + status);
}

void Notifier::status(const std::string& text) const {
    say("STATUS=" + text);
}

void Notifier::reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::uint64_t us = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
                             static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
    say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void Notifier::stopping() const {
    say("STOPPING=1");
}

void Notifier::alive() const {
    say("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> Notifier::watchdog() {
    std::uint64_t us = 0;
    if (sd_watchdog_enabled(0, &us) <= 0)
        return std::nullopt;
    return std::chrono::microseconds(us);
}

}  // namespace bindd

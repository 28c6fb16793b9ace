// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/service.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace bindd {
namespace {

tl::unexpected<base::Error> failed(const char* what) {
    return base::fail_errno(errno, what, "privileges");
}

bool has_none() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    return ::syscall(SYS_capget, &header, sets.data()) == 0 &&
           std::all_of(sets.begin(), sets.end(), [](const __user_cap_data_struct& set) {
               return (set.effective | set.permitted | set.inheritable) == 0;
           });
}

}  // namespace

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

base::Result<void> drop_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed("set no_new_privs");
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
        return failed("clear the ambient set");
    // The kernel may have more capabilities than our headers: up to the first unknown one.
    for (unsigned long cap = 0; ::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; ++cap)
        if (::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EPERM)
            return failed("drop from the bounding set");
    // A service manager that grants no capability may also forbid capset().
    if (has_none())
        return {};
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    if (::syscall(SYS_capset, &header, none.data()) != 0)
        return failed("drop all capabilities");
    return {};
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/daemon_bus.hpp"

#include "base/dlopen.hpp"
#include "base/try.hpp"

/// sdbus-c++ and what it brings (libsystemd, libgcrypt, compression) cost a `list` without a daemon
/// a quarter of its time. So its user is a module, opened once a daemon is known to be there: the
/// loader finds it by the program's run path.

#define DAEMON_BUS_MODULE "vfioctl-daemon-bus.so"

DLOPEN_LIBRARY_NOTE(daemon_bus, DAEMON_BUS_MODULE, "recommended", "Talks to the daemon on the bus")

namespace vfioctl {
namespace {

using Connect = DaemonBus*(const char*);
Connect* connect_symbol = nullptr;

constexpr base::DlopenSymbol kSymbols[] = {{"vfioctl_connect_daemon_bus", [](void* address) {
                                                connect_symbol =
                                                    reinterpret_cast<Connect*>(address);
                                            }}};

}  // namespace

base::Result<std::unique_ptr<DaemonBus>> connect_daemon_bus(const std::string& address) {
    TRY(base::open_library(DAEMON_BUS_MODULE, kSymbols));
    return std::unique_ptr<DaemonBus>(connect_symbol(address.c_str()));
}

}  // namespace vfioctl

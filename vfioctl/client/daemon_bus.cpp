// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/daemon_bus.hpp"

#include "base/dlopen_wrapper.hpp"

/// sdbus-c++ and what it brings (libsystemd, libgcrypt, compression) cost a `list` without a daemon
/// a quarter of its time. So its user is a module, opened once a daemon is known to be there: the
/// loader finds it by the program's run path.

#define DAEMON_BUS_MODULE "vfioctl-daemon-bus.so"

DLOPEN_LIBRARY_NOTE(daemon_bus, DAEMON_BUS_MODULE, "recommended", "Talks to the daemon on the bus")

namespace vfioctl {

std::unique_ptr<DaemonBus> connect_daemon_bus(const std::string& address) {
    using Connect = DaemonBus*(const char*);
    void* const module = ::dlopen(DAEMON_BUS_MODULE, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void* const found = module == nullptr ? nullptr : ::dlsym(module, "vfioctl_connect_daemon_bus");
    if (found == nullptr)
        return nullptr;
    return std::unique_ptr<DaemonBus>(reinterpret_cast<Connect*>(found)(address.c_str()));
}

}  // namespace vfioctl

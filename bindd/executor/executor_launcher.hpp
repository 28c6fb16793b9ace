// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "bindd/executor/executor.hpp"
#include "bindd/executor/fd_passing.hpp"
#include "bindd/executor/line_socket.hpp"

/// Where the executor sits: in a child of the daemon's, or in a service of its own
/// (bindd-executor@.service), so that the unit of the process that faces the bus needs none of the
/// executor's rights, and a worker that the kernel does not let go does not hold up the daemon's
/// restart.
namespace bindd {

/// The daemon's ends of the two ways to its executor.
struct ExecutorConnection {
    LineSocket lines;
    FdChannel fds;
};

/// Forks; the child never returns.
[[nodiscard]] base::Result<ExecutorConnection> fork_executor(const ExecutorDependencies& deps);
/// By the socket that its service listens on.
[[nodiscard]] base::Result<ExecutorConnection> connect_executor(const std::string& path);
/// The service's whole life, with the connection that systemd passes; its exit status.
[[nodiscard]] int serve_executor(const ExecutorDependencies& deps);

}  // namespace bindd

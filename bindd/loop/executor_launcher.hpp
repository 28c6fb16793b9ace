// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "bindd/executor/executor.hpp"
#include "bindd/executor/fd_passing.hpp"
#include "bindd/executor/line_socket.hpp"

/// Starts the executor as a child of the daemon, or connects to it as a service of its own
/// (bindd-executor@.service): the daemon's unit then needs none of the executor's rights, and a
/// worker that is stuck in the kernel does not delay the daemon's restart.
namespace bindd {

/// The daemon's ends of the two sockets to its executor.
struct ExecutorConnection {
    LineSocket lines;
    FdChannel fds;
};

/// Forks; the child never returns.
[[nodiscard]] base::Result<ExecutorConnection> fork_executor(const ExecutorDependencies& deps);
/// Connects to the socket that its service listens on.
[[nodiscard]] base::Result<ExecutorConnection> connect_executor(const std::string& path);
/// Runs the service on the connection that systemd passes; returns its exit status.
[[nodiscard]] int serve_executor(const ExecutorDependencies& deps);

}  // namespace bindd

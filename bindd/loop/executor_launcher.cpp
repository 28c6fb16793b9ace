// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/executor_launcher.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/try.hpp"
#include "bindd/loop/journal_log.hpp"

namespace bindd {
namespace {

using base::fail_errno;
using base::Result;
using base::UniqueFd;

/// Its signals stay blocked: it ends after the daemon, when every transaction has ended.
void run_executor(LineSocket socket, FdChannel channel, const ExecutorDependencies& deps) {
    ::prctl(PR_SET_NAME, "bindd-executor");
    Executor(std::move(socket), std::move(channel), deps).run();
}

Result<void> check_peer(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return fail_errno(errno, "look who asks", "executor");
    if (peer.uid != ::geteuid())
        return base::fail(base::Code::kDenied, "serve", "executor",
                          "uid " + std::to_string(peer.uid) + " asks, who is not the daemon");
    return {};
}

Result<void> serve(int connection, const ExecutorDependencies& deps) {
    UniqueFd socket(connection);
    TRY(check_peer(socket.get()));
    auto channel = TRY(FdChannel::receive_from(socket.get()));
    if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0 ||
        ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0)
        return fail_errno(errno, "set up the connection", "executor");
    run_executor(LineSocket(std::move(socket)), std::move(channel), deps);
    return {};
}

}  // namespace

Result<ExecutorConnection> fork_executor(const ExecutorDependencies& deps) {
    auto sockets = TRY(LineSocket::pair());
    auto channels = TRY(FdChannel::pair());
    const pid_t executor = ::fork();
    if (executor < 0)
        return fail_errno(errno, "fork", "executor");
    if (executor == 0) {
        { const LineSocket closed = std::move(sockets.one); }
        { const FdChannel closed = std::move(channels.one); }
        run_executor(std::move(sockets.other), std::move(channels.other), deps);
        ::_exit(EXIT_SUCCESS);
    }
    return ExecutorConnection{std::move(sockets.one), std::move(channels.one)};
}

Result<ExecutorConnection> connect_executor(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return base::fail(base::Code::kInvalid, "reach the executor", path,
                          "too long for a socket's path");
    path.copy(address.sun_path, path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.valid() ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail_errno(errno, "reach the executor", path);
    auto channels = TRY(FdChannel::pair());
    TRY(channels.other.pass_to(socket.get()));
    if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0)
        return fail_errno(errno, "set up the connection", path);
    return ExecutorConnection{LineSocket(std::move(socket)), std::move(channels.one)};
}

int serve_executor(const ExecutorDependencies& deps) {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    const int passed = ::sd_listen_fds(1);
    const Result<void> served =
        passed == 1
            ? serve(SD_LISTEN_FDS_START, deps)
            : base::fail(base::Code::kInvalid, "serve", "executor", "no connection was passed",
                         "bindd-executor@.service is started by its socket");
    if (served)
        return EXIT_SUCCESS;
    Log(Log::default_sink()).write(Level::kError, LogEvent::kStopped, served.error().text());
    return EXIT_FAILURE;
}

}  // namespace bindd

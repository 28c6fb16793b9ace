// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor_seat.hpp"

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

#include "bindd/log.hpp"

namespace bindd {
namespace {

using sysfs::fail_errno;
using sysfs::Result;
using sysfs::UniqueFd;

/// Its signals stay blocked: it ends when the daemon has, having finished what it had begun.
void live_as_executor(LineSocket socket, FdChannel channel, const Tools& tools) {
    ::prctl(PR_SET_NAME, "bindd-executor");
    Executor(std::move(socket), std::move(channel), tools).run();
}

Result<void> check_is_root(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return fail_errno(errno, "look who asks", "executor");
    if (peer.uid != ::geteuid())
        return sysfs::fail(sysfs::Code::kDenied, "serve", "executor",
                           "uid " + std::to_string(peer.uid) + " asks, who is not the daemon");
    return {};
}

Result<void> serve(int connection, const Tools& tools) {
    UniqueFd socket(connection);
    if (auto root = check_is_root(socket.get()); !root)
        return root;
    auto channel = FdChannel::handed_by(socket.get());
    if (!channel)
        return sysfs::propagate(channel);
    if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0 || ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0)
        return fail_errno(errno, "set up the connection", "executor");
    live_as_executor(LineSocket(std::move(socket)), *std::move(channel), tools);
    return {};
}

}  // namespace

Result<ExecutorEnds> fork_executor(const Tools& tools) {
    auto sockets = LineSocket::pair();
    if (!sockets)
        return sysfs::propagate(sockets);
    auto channels = FdChannel::pair();
    if (!channels)
        return sysfs::propagate(channels);
    const pid_t executor = ::fork();
    if (executor < 0)
        return fail_errno(errno, "fork", "executor");
    if (executor == 0) {
        { const LineSocket closed = std::move(sockets->one); }
        { const FdChannel closed = std::move(channels->one); }
        live_as_executor(std::move(sockets->other), std::move(channels->other), tools);
        ::_exit(EXIT_SUCCESS);
    }
    return ExecutorEnds{std::move(sockets->one), std::move(channels->one)};
}

Result<ExecutorEnds> reach_executor(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return sysfs::fail(sysfs::Code::kInvalid, "reach the executor", path, "too long for a socket's path");
    path.copy(address.sun_path, path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.valid() ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail_errno(errno, "reach the executor", path);
    auto channels = FdChannel::pair();
    if (!channels)
        return sysfs::propagate(channels);
    if (auto handed = channels->other.hand_to(socket.get()); !handed)
        return sysfs::propagate(handed);
    if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0)
        return fail_errno(errno, "set up the connection", path);
    return ExecutorEnds{LineSocket(std::move(socket)), std::move(channels->one)};
}

int serve_as_executor(const Tools& tools) {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    const int passed = ::sd_listen_fds(1);
    const Result<void> served =
        passed == 1 ? serve(SD_LISTEN_FDS_START, tools)
                    : sysfs::fail(sysfs::Code::kInvalid, "serve", "executor", "no connection was passed",
                                  "bindd-executor@.service is started by its socket");
    if (served)
        return EXIT_SUCCESS;
    Log(Log::best()).say(Level::kError, Message::kStopped, served.error().text());
    return EXIT_FAILURE;
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/executor_client.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/try.hpp"
#include "bindd/loop/journal_log.hpp"
#include "sysfs/host/user_lookup.hpp"

namespace bindd {

using base::Result;

namespace {

/// How long replies are dispatched at a time.
constexpr std::chrono::milliseconds kSlice{2};

using base::fail_errno;
using base::Result;
using base::UniqueFd;

/// Its signals stay blocked: it ends after the daemon, when every transaction has ended.
void run_executor(LineSocket socket, FdChannel channel, const ExecutorDependencies& deps) {
    ::prctl(PR_SET_NAME, "bindd-executor");
    Executor(std::move(socket), std::move(channel), deps).run();
}

constexpr const char* kControllerUser = "bindd";

/// The kernel's word for who connected (unix(7)): the controller's user, or who runs this process.
Result<void> check_peer(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return fail_errno(errno, "look who asks", "executor");
    if (peer.uid != ::geteuid() &&
        peer.uid != sysfs::user_id(sysfs::Root{}, kControllerUser).value_or(::geteuid()))
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

ExecutorClient::ExecutorClient(sd_event* event, LineSocket socket, FdChannel channel)
    : socket_(std::move(socket)),
      channel_(std::move(channel)),
      watch_(event, socket_.fd(), EPOLLIN, [this](std::uint32_t) { on_readable(); }),
      when_idle_(event, [this] { resume(); }),
      resume_at_(event, [this] { resume(); }) {}

void ExecutorClient::send(binding::Message request, ReplyHandler on_reply, EndHandler on_end) {
    pending_[++last_id_] = {std::move(on_reply), std::move(on_end)};
    socket_.send(binding::encode_message({last_id_, std::move(request)}));
    flush();
}

/// The fds come on another socket than Completed, but before it.
void ExecutorClient::open(const sysfs::DeviceId& device, const std::string& backend,
                          OpenHandler on_opened) {
    const std::string ticket = std::to_string(++last_ticket_);
    send(binding::OpenForClient{ticket, device, backend}, {},
         [this, ticket, on_opened = std::move(on_opened)](const Result<void>& ended) {
             opened_.merge(channel_.receive());
             auto opened = opened_.extract(ticket);
             if (!ended)
                 on_opened(base::propagate(ended));
             else if (opened.empty())
                 on_opened(
                     base::fail(base::Code::kFailed, "open", "the device", "its fds did not come"));
             else
                 on_opened(std::move(opened.mapped()));
         });
}

void ExecutorClient::flush() {
    const bool alive = socket_.flush();
    const std::uint32_t input = paused_ ? 0U : std::uint32_t{EPOLLIN};
    watch_.set_events(alive && socket_.has_waiting() ? input | std::uint32_t{EPOLLOUT} : input);
}

void ExecutorClient::on_readable() {
    flush();
    if (paused_)
        return;
    auto lines = socket_.receive();
    if (!lines) {
        watch_.set_events(0);
        if (on_lost_)
            on_lost_();
        return;
    }
    std::move(lines->begin(), lines->end(), std::back_inserter(lines_));
    dispatch_lines();
}

void ExecutorClient::dispatch_lines() {
    const auto begun = base::Clock::now();
    auto spent = base::Clock::duration::zero();
    while (!lines_.empty() && spent < kSlice) {
        const std::string line = std::move(lines_.front());
        lines_.pop_front();
        auto envelope = binding::decode_message(line);
        if (envelope)
            dispatch(*std::move(envelope));
        else
            reject(line, envelope.error());
        spent = base::Clock::now() - begun;
    }
    if (spent >= kSlice)
        pause(spent);
}

/// What is pending in the loop now comes first; with nothing pending this costs nothing.
void ExecutorClient::pause(base::Clock::duration spent) {
    paused_ = true;
    flush();
    when_idle_.schedule();
    resume_at_.arm(std::chrono::duration_cast<std::chrono::microseconds>(spent));
}

void ExecutorClient::resume() {
    paused_ = false;
    when_idle_.cancel();
    resume_at_.disarm();
    flush();
    dispatch_lines();
}

void ExecutorClient::dispatch(binding::Envelope envelope) {
    if (envelope.id == 0) {
        if (on_notice_)
            on_notice_(std::move(envelope.message));
        return;
    }
    const auto pending = pending_.find(envelope.id);
    if (pending == pending_.end())
        return report_protocol_error(binding::unexpected_message(envelope.message));
    if (std::holds_alternative<binding::Completed>(envelope.message))
        return end(envelope.id, {});
    if (const auto* failed = std::get_if<binding::Failed>(&envelope.message))
        return end(envelope.id, tl::unexpected(failed->error));
    if (pending->second.on_reply)
        pending->second.on_reply(std::move(envelope.message));
    else
        end(envelope.id, tl::unexpected(binding::unexpected_message(envelope.message)));
}

/// Ends the request that the line answers: nothing else would.
void ExecutorClient::reject(const std::string& line, const base::Error& error) {
    report_protocol_error(error);
    if (const auto id = binding::decode_message_id(line); id && pending_.contains(*id))
        end(*id, tl::unexpected(error));
}

void ExecutorClient::end(std::uint64_t id, const Result<void>& result) {
    const auto pending = pending_.extract(id);
    if (pending.mapped().on_end)
        pending.mapped().on_end(result);
}

void ExecutorClient::report_protocol_error(const base::Error& error) const {
    if (on_protocol_error_)
        on_protocol_error_(error);
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "bindd/executor/executor.hpp"
#include "bindd/executor/sockets.hpp"
#include "bindd/loop/event_loop.hpp"
#include "binding/codec/messages.hpp"

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

/// The daemon's end of the socket to its executor. Sends the requests of binding/codec/messages.hpp
/// and calls back for each reply; never waits. Replies are what the daemon computes with (a scan of
/// the host, a plan that anyone may ask for), so they have half of its time at most: after some
/// milliseconds of them everything else that has come is done first, for as long.
class ExecutorClient {
  public:
    /// Each reply before the last.
    using ReplyHandler = std::function<void(binding::Message)>;
    /// The last reply: Completed, or the error of Failed.
    using EndHandler = std::function<void(const base::Result<void>&)>;
    using OpenHandler = std::function<void(base::Result<OpenedDevice>)>;

    ExecutorClient(sd_event* event, LineSocket socket, FdChannel channel);

    /// Without a handler for replies the request ends with the error of the first one.
    void send(binding::Message request, ReplyHandler on_reply, EndHandler on_end);
    /// Opens a device on a backend ("" for the best there is).
    void open(const sysfs::DeviceId& device, const std::string& backend, OpenHandler on_opened);
    /// What the executor sends without a request.
    void on_notice(ReplyHandler handler) { on_notice_ = std::move(handler); }
    /// A line that is no message, or the reply to a request that there is not.
    void on_protocol_error(std::function<void(const base::Error&)> handler) {
        on_protocol_error_ = std::move(handler);
    }
    /// The executor has died: the daemon cannot go on.
    void on_lost(std::function<void()> handler) { on_lost_ = std::move(handler); }

  private:
    struct SentRequest {
        ReplyHandler on_reply;
        EndHandler on_end;
    };
    void on_readable();
    void dispatch_lines();
    void pause(base::Clock::duration spent);
    void resume();
    void dispatch(binding::Envelope envelope);
    void reject(const std::string& line, const base::Error& error);
    void end(std::uint64_t id, const base::Result<void>& result);
    void report_protocol_error(const base::Error& error) const;
    void flush();

    LineSocket socket_;
    FdChannel channel_;
    std::map<std::uint64_t, SentRequest> pending_;
    std::uint64_t last_id_ = 0;
    std::map<std::string, OpenedDevice> opened_;  ///< whose Completed has not come yet
    std::uint64_t last_ticket_ = 0;
    ReplyHandler on_notice_;
    std::function<void(const base::Error&)> on_protocol_error_;
    std::function<void()> on_lost_;
    std::deque<std::string> lines_;  ///< received, not yet dispatched
    bool paused_ = false;
    IoWatch watch_;
    IdleCall when_idle_;
    Timer resume_at_;
};

}  // namespace bindd

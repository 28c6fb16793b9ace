// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bindd/executor/fd_passing.hpp"
#include "bindd/executor/line_socket.hpp"
#include "bindd/loop/event_loop.hpp"

namespace bindd {

/// The daemon's end of the socket to its executor. Requests and answers as executor.hpp has them;
/// nothing waits.
class ExecutorClient {
  public:
    using MessageFields = std::vector<std::string>;
    using MessageHandler = std::function<void(const MessageFields& kind_and_parts)>;
    using EndHandler = std::function<void(const base::Result<void>&)>;

    ExecutorClient(sd_event* event, LineSocket socket, FdChannel channel);
    /// "VERB\tPART...".
    void send_request(const std::string& request, MessageHandler on_message, EndHandler ended);
    /// Opens a device on a backend ("" for the best there is).
    void open(const std::string& device, const std::string& backend,
              std::function<void(base::Result<OpenedDevice>)> done);
    /// What it says without having been asked.
    void on_notice(MessageHandler notice) { on_notice_ = std::move(notice); }
    /// It has died: the daemon cannot go on.
    void on_lost(std::function<void()> lost) { on_lost_ = std::move(lost); }

  private:
    struct PendingRequest {
        MessageHandler on_message;
        EndHandler ended;
    };
    void on_readable();
    void dispatch(const std::string& line);
    void flush();

    LineSocket socket_;
    FdChannel channel_;
    std::map<std::string, PendingRequest> pending_;
    std::uint64_t last_id_ = 0;
    std::map<std::string, OpenedDevice> opened_;  ///< fds whose answer is still to come
    std::uint64_t last_open_ = 0;
    MessageHandler on_notice_;
    std::function<void()> on_lost_;
    IoWatch watch_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bindd/line_socket.hpp"
#include "bindd/loop.hpp"
#include "bindd/opened.hpp"

namespace bindd {

/// The daemon's end of the socket to its executor. Requests and answers as executor.hpp has them; nothing waits.
class ExecutorLink {
  public:
    using Parts = std::vector<std::string>;
    using Said = std::function<void(const Parts& kind_and_parts)>;
    using Ended = std::function<void(const sysfs::Result<void>&)>;

    ExecutorLink(sd_event* event, LineSocket socket, FdChannel channel);
    /// "VERB\tPART...".
    void ask(const std::string& request, Said said, Ended ended);
    /// Opens a device on a backend ("" for the best there is).
    void open(const std::string& device, const std::string& backend,
              std::function<void(sysfs::Result<OpenedDevice>)> done);
    /// What it says without having been asked.
    void on_notice(Said notice) { notice_ = std::move(notice); }
    /// It has died: the daemon cannot go on.
    void on_lost(std::function<void()> lost) { lost_ = std::move(lost); }

  private:
    struct Asked {
        Said said;
        Ended ended;
    };
    void called();
    void take(const std::string& line);
    void flush();

    LineSocket socket_;
    FdChannel channel_;
    std::map<std::string, Asked> asked_;
    std::uint64_t last_id_ = 0;
    std::map<std::string, OpenedDevice> opened_;  ///< fds whose answer is still to come
    std::uint64_t last_open_ = 0;
    Said notice_;
    std::function<void()> lost_;
    IoWatch watch_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sysfs/result.hpp"
#include "sysfs/unique_fd.hpp"

namespace bindd {

/// One end of a socket that carries lines both ways and never blocks: what cannot be sent now is kept.
class LineSocket {
  public:
    struct Pair;
    explicit LineSocket(sysfs::UniqueFd fd) : fd_(std::move(fd)) {}
    [[nodiscard]] static sysfs::Result<Pair> pair();

    void send(const std::string& line);
    /// Sends what waits, as far as it goes; false when the other side is gone.
    [[nodiscard]] bool flush();
    [[nodiscard]] bool has_waiting() const { return sent_ < waiting_.size(); }
    /// The complete lines that have come; nothing once the other side is gone.
    [[nodiscard]] std::optional<std::vector<std::string>> take();
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    sysfs::UniqueFd fd_;
    std::string waiting_;
    std::size_t sent_ = 0;
    std::string unread_;
    bool gone_ = false;
};

struct LineSocket::Pair {
    LineSocket one;
    LineSocket other;
};

/// The parts of a line, which a tab separates: JSON as it is dumped has none in it.
[[nodiscard]] std::vector<std::string> parts_of(const std::string& line);
/// Free text as one of them.
[[nodiscard]] std::string one_part(std::string text);

}  // namespace bindd

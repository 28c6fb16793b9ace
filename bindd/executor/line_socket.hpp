// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace bindd {

/// One end of a socket that carries lines both ways and never blocks: it keeps what cannot be sent
/// yet.
class LineSocket {
  public:
    struct Pair;
    explicit LineSocket(base::UniqueFd fd) : fd_(std::move(fd)) {}
    [[nodiscard]] static base::Result<Pair> pair();

    void send(const std::string& line);
    /// Sends what waits as far as possible; false when the peer is gone.
    [[nodiscard]] bool flush();
    [[nodiscard]] bool has_waiting() const { return sent_ < waiting_.size(); }
    /// The complete lines that have arrived; nothing once the peer is gone.
    [[nodiscard]] std::optional<std::vector<std::string>> receive();
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    base::UniqueFd fd_;
    std::string waiting_;
    std::size_t sent_ = 0;
    std::string unread_;
    bool gone_ = false;
};

struct LineSocket::Pair {
    LineSocket one;
    LineSocket other;
};

}  // namespace bindd

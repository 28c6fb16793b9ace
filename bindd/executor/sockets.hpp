// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

/// The two sockets between the daemon and its executor.
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
    /// The complete lines that have arrived; nothing once the peer is gone, or has sent a line that
    /// is longer than any message.
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

/// A device opened for a client without the right to: fds with the name of each ("group",
/// "container", "device", "iommufd"), and facts for their user ("device_name", "devid", "ioas").
struct OpenedDevice {
    std::string backend;
    std::vector<std::pair<std::string, base::UniqueFd>> fds;
    std::map<std::string, std::string> facts;
};

/// Opens by name on a backend ("" for the best there is), in a reader of the executor.
using OpenDevice = std::function<base::Result<OpenedDevice>(const std::string& device,
                                                            const std::string& backend)>;

/// Carries fds from the executor's readers to the daemon: one message for each device, on a
/// SOCK_SEQPACKET socket.
class FdChannel {
  public:
    struct Pair;
    explicit FdChannel(base::UniqueFd fd) : fd_(std::move(fd)) {}
    [[nodiscard]] static base::Result<Pair> pair();

    [[nodiscard]] base::Result<void> send(const std::string& ticket,
                                          const OpenedDevice& opened) const;
    /// What has arrived, by ticket.
    [[nodiscard]] std::map<std::string, OpenedDevice> receive() const;

    /// Sends this end through a stream socket, with one byte.
    [[nodiscard]] base::Result<void> pass_to(int socket) const;
    /// Receives it at the other end; waits.
    [[nodiscard]] static base::Result<FdChannel> receive_from(int socket);

  private:
    base::UniqueFd fd_;
};

struct FdChannel::Pair {
    FdChannel one;
    FdChannel other;
};

}  // namespace bindd

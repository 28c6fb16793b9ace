// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace bindd {

/// A device opened for someone who may not: fds with what each is ("group", "container", "device",
/// "iommufd"), and what their user has to know ("device_name", "iommu_group", "devid", "ioas").
struct OpenedDevice {
    std::string backend;
    std::vector<std::pair<std::string, base::UniqueFd>> fds;
    std::map<std::string, std::string> facts;
};

/// Opens by name on a backend ("" for the best there is). Takes place in a worker of the
/// executor's.
using OpenDevice = std::function<base::Result<OpenedDevice>(const std::string& device,
                                                            const std::string& backend)>;

/// The way of fds from the executor's workers to the daemon: one message each, on a socket that
/// keeps messages apart.
class FdChannel {
  public:
    struct Pair;
    explicit FdChannel(base::UniqueFd fd) : fd_(std::move(fd)) {}
    [[nodiscard]] static base::Result<Pair> pair();

    [[nodiscard]] base::Result<void> send(const std::string& id, const OpenedDevice& opened) const;
    /// What has come by now, by id.
    [[nodiscard]] std::map<std::string, OpenedDevice> receive() const;

    /// Gives this end to whoever is at the other end of a stream socket, with one byte.
    [[nodiscard]] base::Result<void> pass_to(int socket) const;
    /// The other side of it; waits.
    [[nodiscard]] static base::Result<FdChannel> receive_from(int socket);

  private:
    base::UniqueFd fd_;
};

struct FdChannel::Pair {
    FdChannel one;
    FdChannel other;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"

struct nl_sock;

namespace sysfs {

struct FreeNetlinkMessage {
    void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using NetlinkMessage = std::unique_ptr<nl_msg, FreeNetlinkMessage>;

/// A netlink socket of the network namespace that the calling thread is in.
class Netlink {
  public:
    using Visit = std::function<void(nlmsghdr*)>;
    /// `protocol` is NETLINK_ROUTE, NETLINK_SOCK_DIAG, ...
    [[nodiscard]] static base::Result<Netlink> connect(int protocol);

    /// Sends one dump request and calls `visit` with each message of the answer; `start` before
    /// each attempt. A dump during which the kernel's table changed (NLM_F_DUMP_INTR) may lack
    /// entries: it is repeated a few times, then it fails.
    [[nodiscard]] base::Result<void> dump(int type, std::span<const std::byte> header,
                                          const std::function<void()>& start, const Visit& visit);

    /// The id that the namespace behind `file` has in the one of this socket (RTM_GETNSID).
    [[nodiscard]] std::optional<std::int32_t> namespace_id(int file);

  private:
    struct FreeSocket {
        void operator()(nl_sock* socket) const;
    };
    explicit Netlink(nl_sock* socket) : socket_(socket) {}
    std::unique_ptr<nl_sock, FreeSocket> socket_;
};

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sysfs {

/// One established TCP connection of /proc/net/tcp and tcp6; a mapped IPv4 address ("::ffff:...")
/// is given as IPv4.
struct TcpConnection {
    std::string local;
    std::uint16_t local_port = 0;
    std::string peer;
    std::uint16_t peer_port = 0;
    std::uint64_t inode = 0;

    [[nodiscard]] bool is_remote() const;
};

/// Parses either table; lines of other states and malformed ones are omitted.
[[nodiscard]] std::vector<TcpConnection> parse_tcp_table(std::string_view text);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// A tunnel of L2TP. Its sessions are interfaces (l2tpeth0, ppp0) without a link to the one that
/// the packets leave through: only the route to the peer tells that.
struct L2tpTunnel {
    std::uint32_t id = 0;
    std::string peer;  ///< an address
};

/// Those of the network namespace that the calling thread is in.
[[nodiscard]] base::Result<std::vector<L2tpTunnel>> read_l2tp_tunnels();
/// Those of a captured host, by the file of l2tp_debugfs.
[[nodiscard]] base::Result<std::vector<L2tpTunnel>> captured_l2tp_tunnels(const Root& root);

}  // namespace sysfs

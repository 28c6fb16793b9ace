// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/usage/net_tables.hpp"

namespace sysfs {

/// The network of another network namespace of this machine.
struct OtherNetNamespace {
    std::string where;  ///< "nginx (pid 412)", or the name that `ip netns` gave it
    NetTables tables;
};

/// All network namespaces but our own that can be entered (CAP_SYS_ADMIN).
[[nodiscard]] std::vector<OtherNetNamespace> read_other_net_namespaces();

}  // namespace sysfs

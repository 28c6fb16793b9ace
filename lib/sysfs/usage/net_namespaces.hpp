// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sysfs/net/net_tables.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {

/// The network of another network namespace of this machine.
struct OtherNetNamespace {
    std::string where;  ///< "nginx (pid 412)", or the name that `ip netns` gave it
    NetTables tables;
    /// The id that our own namespace has there (Link::lower_namespace); absent: none.
    std::optional<std::int32_t> our_id = std::nullopt;
};

/// Those of which the caller has to know, and what could not be read.
struct OtherNetNamespaces {
    std::vector<OtherNetNamespace> found;
    std::vector<std::string> unknown;
};

/// Looks at all network namespaces but our own (CAP_SYS_ADMIN), one at a time. Of those whose
/// interfaces `is_relevant` accepts everything is read; the others are dropped. `mounted` are the
/// places of namespaces that a mount or a descriptor keeps.
[[nodiscard]] OtherNetNamespaces read_other_net_namespaces(
    std::span<const RunningProgram> programs, const std::vector<std::string>& mounted,
    const std::function<bool(const std::map<int, Link>&)>& is_relevant);

}  // namespace sysfs

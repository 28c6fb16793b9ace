// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// The id of a user or group by name: from the name service on this machine, from /etc/passwd and
/// /etc/group of a captured host. No such name: kNotFound.
[[nodiscard]] base::Result<std::uint32_t> user_id(const Root& root, const std::string& name);
[[nodiscard]] base::Result<std::uint32_t> group_id(const Root& root, const std::string& name);

/// The ids of those names that exist.
[[nodiscard]] std::map<std::string, std::uint32_t> user_ids(const Root& root,
                                                            const std::set<std::string>& names);
[[nodiscard]] std::map<std::string, std::uint32_t> group_ids(const Root& root,
                                                             const std::set<std::string>& names);

}  // namespace sysfs

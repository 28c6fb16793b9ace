// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <span>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/process.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the processes that have a device open or mapped: its nodes, or its registers. Returns the
/// descriptors of network namespaces that it has come across, one for each: "/proc/712/fd/9".
[[nodiscard]] std::vector<std::string> find_open_nodes(const Root& root, const Inventory& inventory,
                                                       std::span<const RunningProgram> programs,
                                                       std::span<UsageCheck> checks);

}  // namespace sysfs

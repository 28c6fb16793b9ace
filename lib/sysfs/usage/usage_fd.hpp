// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the processes that have a node of a device open or mapped.
void find_open_nodes(const Root& root, std::span<UsageCheck> checks);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the processes that have a device open or mapped: its nodes, or its registers.
void find_open_nodes(const Root& root, const Inventory& inventory, std::span<UsageCheck> checks);

}  // namespace sysfs

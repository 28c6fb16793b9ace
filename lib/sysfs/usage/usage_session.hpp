// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/host/root.hpp"
#include "sysfs/net/net_tables.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the caller's own remote session to each device that its packets leave through.
void find_session(const Root& root, const NetTables& tables, std::span<UsageCheck> checks);

}  // namespace sysfs

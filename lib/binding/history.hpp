// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "binding/bound.hpp"
#include "binding/state_dir.hpp"
#include "sysfs/result.hpp"

namespace binding {

/// Appends to the history, a JSON line each, and makes it durable once. Past 1 MiB the file becomes
/// history.1 and a new one is begun.
[[nodiscard]] sysfs::Result<void> append_history(const StateDir& state,
                                                 const std::vector<HistoryEntry>& entries);

}  // namespace binding

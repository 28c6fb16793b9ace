// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "binding/codec/managed_device.hpp"
#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl history`: past transactions.
/// The daemon's, or that of the state directory; oldest first.
[[nodiscard]] CliResult<std::vector<binding::HistoryEntry>> load_history(CliContext& cli);

[[nodiscard]] CliResult<ExitCode> run_history(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl

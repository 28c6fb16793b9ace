// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

namespace vfioctl {

/// The command that does what `verb` does in another tool (driverctl, virsh, dpdk-devbind, xl,
/// mdevctl, lspci), as a hint: "did you mean 'release'?". `verb` may be misspelled, and is of two
/// words within a family ("mdev create"). Verbs win over `names`, the commands that are near by
/// spelling: `unbind` is near `bind` but means the opposite. Empty when nothing is near.
[[nodiscard]] std::string command_hint(const std::string& verb,
                                       const std::vector<std::string>& names);

}  // namespace vfioctl

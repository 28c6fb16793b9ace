// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "bindd/loop/daemon.hpp"

namespace bindd {

/// The parsed command line.
struct CommandLine {
    DaemonOptions daemon;
    std::string bus = "system";  ///< "system", "none", or an address
    enum class Role { kDaemon, kExecutor, kIsEnabled };
    Role role = Role::kDaemon;
};

/// A text to print before exiting.
struct EarlyExit {
    enum class ExitKind { kAnswer, kWrongUsage };
    ExitKind kind = ExitKind::kAnswer;
    std::string text;
};

[[nodiscard]] std::variant<CommandLine, EarlyExit> parse_command_line(int argc, char** argv);

/// Policies that the user named must be there at the start; the standard directories need not.
[[nodiscard]] base::Result<void> check_named_policies(const std::vector<std::string>& paths);

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "bindd/daemon.hpp"

namespace bindd {

/// What the command line asks for.
struct CommandLine {
    DaemonOptions daemon;
    std::string bus = "system";  ///< "system", "none", or an address
    enum class Part { kDaemon, kExecutor };
    Part part = Part::kDaemon;
};

/// To be printed, and the exit status that goes with it.
struct Words {
    enum class Kind { kAnswer, kWrongUsage };
    Kind kind = Kind::kAnswer;
    std::string text;
};

[[nodiscard]] std::variant<CommandLine, Words> parse_command_line(int argc, char** argv);

}  // namespace bindd

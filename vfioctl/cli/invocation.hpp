// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// A parsed command line.
struct Invocation {
    enum class InvocationKind { kRun, kHelp, kShowVersion };
    InvocationKind kind = InvocationKind::kRun;
    GlobalOptions global;
    const Command* command = nullptr;  ///< null: the program itself (help, version)
    std::string family;                ///< help only: a first word of several commands ("policy")
    Arguments arguments;
};

/// Parses everything after the program's name, in two stages: first with the options of all
/// commands, to find the word that is the command, then strictly with its own. Options may be
/// before or after that word and are never abbreviated. Every failure is a kUsage with a one-line
/// hint.
[[nodiscard]] CliResult<Invocation> parse_command_line(const std::vector<std::string>& words);

/// Whether --json is given, even on a line that does not parse.
[[nodiscard]] bool asks_for_json(const std::vector<std::string>& words);

}  // namespace vfioctl

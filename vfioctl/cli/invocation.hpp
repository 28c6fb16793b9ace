// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// What a command line asks for.
struct Invocation {
    enum class InvocationKind { kRun, kHelp, kShowVersion };
    InvocationKind kind = InvocationKind::kRun;
    GlobalOptions global;
    const Command* command = nullptr;  ///< null: the program itself (help, version)
    Arguments arguments;
};

/// Parses everything behind the program's name, in two stages: first with the options of all
/// commands, to find which word is the command, then strictly with its own. Options stand before or
/// after that word and are never abbreviated. Every failure is a kUsage with one line of advice.
[[nodiscard]] CliResult<Invocation> parse_command_line(const std::vector<std::string>& words);

/// Was --json asked for, even on a line that does not parse?
[[nodiscard]] bool asks_for_json(const std::vector<std::string>& words);

/// `--timeout`: whole or decimal seconds, more than 0 and at most a day; absent: `otherwise`.
[[nodiscard]] CliResult<std::chrono::milliseconds> parse_timeout(
    const Arguments& arguments, std::chrono::milliseconds otherwise);

/// "a,b" and repeated options as one list; empty parts stay, for the caller to complain about.
[[nodiscard]] std::vector<std::string> split_commas(const std::vector<std::string>& values);

}  // namespace vfioctl

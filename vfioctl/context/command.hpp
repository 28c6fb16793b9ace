// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vfioctl/context/cli_context.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

enum class OptionArity { kFlag, kSingle, kRepeated };

/// One option of a command or of the program, for help and the parser. Options of one name have the
/// same arity in every command, so that they may precede the command's word.
struct OptionSpec {
    std::string_view name;
    char letter = '\0';
    OptionArity arity = OptionArity::kFlag;
    std::string_view argument;  ///< "DIR"; empty for a flag
    std::string_view help;
};

/// What was given to a command: its words, flags and values, checked against its table entry.
struct Arguments {
    std::vector<std::string> words;
    std::set<std::string> flags;
    std::map<std::string, std::vector<std::string>> values;

    [[nodiscard]] bool has(const std::string& flag) const { return flags.contains(flag); }
    [[nodiscard]] std::vector<std::string> all(const std::string& option) const {
        const auto found = values.find(option);
        return found == values.end() ? std::vector<std::string>{} : found->second;
    }
    [[nodiscard]] std::optional<std::string> one(const std::string& option) const {
        const auto found = values.find(option);
        return found == values.end() ? std::nullopt : std::optional(found->second.back());
    }
};

/// How many words may follow the command's name.
inline constexpr unsigned kAnyNumber = ~0U;

/// Where a command goes when there is a daemon.
enum class UsesDaemon { kNo, kYes };

/// One command: its entry here is its help, its completion and its way in. A name may be of two
/// words
/// ("policy check"). Adding a command is adding a line to the table in commands.cpp.
struct Command {
    std::string_view name;
    std::string_view summary;
    std::string_view words;  ///< "DEVICE..."
    unsigned least = 0;
    unsigned most = 0;
    std::vector<OptionSpec> options;
    CliResult<ExitCode> (*run)(CliContext&, const Arguments&) = nullptr;
    UsesDaemon uses_daemon = UsesDaemon::kNo;
    std::string (*more_help)() = nullptr;  ///< a paragraph of its help, below the options
};

}  // namespace vfioctl

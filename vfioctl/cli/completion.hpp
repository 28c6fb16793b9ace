// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/cli_context.hpp"

/// Completion in shells. Their scripts (vfioctl/completion/) know no command and no option: they
/// call `vfioctl __complete WORD...` with the words of the line up to the cursor, and print what
/// the table of commands and the host have for the last one.
namespace vfioctl {

/// What may stand in place of the last word of a line.
struct CompletionPlace {
    GlobalOptions global;  ///< of the line so far: --root and --policy
    std::string before;    ///< what stays of the last word: "--group="
    std::string word;      ///< the rest of it
    std::string
        arguments;  ///< as in the table of commands: "DEVICE", "auto|always|never"; or empty
    struct Value {
        std::string text;
        std::string help;
    };
    std::vector<Value> values;  ///< commands or options
};

[[nodiscard]] CompletionPlace find_completion_place(const std::vector<std::string>& words);

/// A line for each possible value, "VALUE<tab>HELP"; ":files" for their names, which the
/// shell completes itself. Reads names in sysfs and files only, never the daemon.
[[nodiscard]] std::string completion_text(CliContext& cli, const CompletionPlace& place);

}  // namespace vfioctl

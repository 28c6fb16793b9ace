// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "sysfs/host/root.hpp"

namespace binding {

/// The standard directories, weakest first; a file in a later one masks one of the same name before
/// it.
[[nodiscard]] std::vector<std::string> standard_policy_dirs(const sysfs::Root& root);

/// What was read of the policy files: their texts in name order, and what could not be read as
/// diagnostics (a directory, a FIFO, too large, not ours to trust).
struct PolicyFiles {
    std::vector<policy::SourceFile> files;
    std::vector<policy::Diagnostic> diagnostics;
};

/// Every `*.yaml` of `paths` (files or directories, weakest first), masked and in name order. A
/// link to /dev/null, or an empty file of that name, removes it. A standard directory that is
/// absent is fine; a path named by the user that is absent is an error. The path "-" is standard
/// input.
enum class MissingPath { kIgnore, kError };
[[nodiscard]] PolicyFiles read_policy_files(const std::vector<std::string>& paths,
                                            MissingPath missing);

/// Both steps in one: read, then parse as one set.
[[nodiscard]] policy::Parsed load_policies(const std::vector<std::string>& paths,
                                           MissingPath missing);

}  // namespace binding

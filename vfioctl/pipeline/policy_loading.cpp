// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/policy_loading.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/path_root.hpp"
#include "binding/policies/policy_files.hpp"

namespace vfioctl {

policy::Parsed load_policies_for(const CliContext& cli, const std::vector<std::string>& paths) {
    const GlobalOptions& options = cli.options;
    const std::vector<std::string>& named = paths.empty() ? options.policies : paths;
    if (!named.empty())
        return binding::load_policies(named, binding::MissingPath::kError);
    return binding::load_policies(binding::standard_policy_dirs(options.root),
                                  binding::MissingPath::kIgnore);
}

CliResult<void> check_named_policies(const GlobalOptions& options) {
    policy::Parsed missing;
    for (const std::string& path : options.policies)
        if (path != "-" && !base::open_path(path, O_PATH).valid())
            missing.diagnostics.push_back({.where = {.file = path, .line = 0, .column = 0},
                                           .severity = policy::DiagnosticSeverity::kError,
                                           .text = std::generic_category().message(errno),
                                           .line = {},
                                           .hint = {}});
    return missing.diagnostics.empty() ? CliResult<void>() : policy_failure(missing);
}

tl::unexpected<Failure> policy_failure(const policy::Parsed& parsed) {
    const auto errors = std::count_if(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                                      [](const policy::Diagnostic& d) {
                                          return d.severity == policy::DiagnosticSeverity::kError;
                                      });
    return tl::unexpected(
        Failure{.code = ExitCode::kFailed,
                .what = "policies",
                .why = (errors == 1 ? "1 error" : std::to_string(errors) + " errors") +
                       std::string(", so none of them is used"),
                .hint = {},
                .diagnostics = parsed.diagnostics});
}

}  // namespace vfioctl

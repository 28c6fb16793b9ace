// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/policy_paths.hpp"

#include <algorithm>

#include "binding/policy_dirs.hpp"

namespace vfioctl {

policy::Parsed load_for(const Session& session, const std::vector<std::string>& paths) {
    const GlobalOptions& options = session.options;
    const std::vector<std::string>& named = paths.empty() ? options.policies : paths;
    if (!named.empty())
        return binding::load_policies(named, binding::Absent::kIsAnError);
    return binding::load_policies(binding::standard_policy_dirs(options.root),
                                  binding::Absent::kIsFine);
}

tl::unexpected<Failure> unusable(const policy::Parsed& parsed) {
    const auto errors = std::count_if(
        parsed.diagnostics.begin(), parsed.diagnostics.end(),
        [](const policy::Diagnostic& d) { return d.severity == policy::Severity::kError; });
    return tl::unexpected(
        Failure{.code = ExitCode::kFailed,
                .what = "policies",
                .why = (errors == 1 ? "1 error" : std::to_string(errors) + " errors") +
                       std::string(", so none of them is used"),
                .hint = {},
                .diagnostics = parsed.diagnostics});
}

}  // namespace vfioctl

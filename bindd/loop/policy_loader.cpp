// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/policy_loader.hpp"

#include <algorithm>
#include <iterator>

#include "binding/policies/policy_files.hpp"

namespace bindd {

LoadedPolicies load_policies(const std::vector<std::string>& paths) {
    binding::PolicyFiles files = binding::read_policy_files(paths, binding::MissingPath::kIgnore);
    LoadedPolicies out{.sources = std::move(files.files), .parsed = {}};
    out.parsed = policy::parse_set(out.sources);
    std::move(files.diagnostics.begin(), files.diagnostics.end(),
              std::back_inserter(out.parsed.diagnostics));
    return out;
}

}  // namespace bindd

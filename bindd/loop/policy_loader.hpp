// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/yaml/parse_policy.hpp"

namespace bindd {

/// What the policy files say at one moment, and whether it can be put in force.
struct LoadedPolicies {
    std::vector<policy::SourceFile> sources;
    policy::Parsed parsed;

    [[nodiscard]] bool ok() const { return parsed.ok(); }
};

/// Files, and directories of them; one that is absent is fine.
[[nodiscard]] LoadedPolicies load_policies(const std::vector<std::string>& paths);

}  // namespace bindd

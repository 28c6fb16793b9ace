// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/yaml/parse_policy.hpp"
#include "vfioctl/context/cli_context.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// The policies of `paths`; none given: those of --policy; none of these: the standard directories.
[[nodiscard]] policy::Parsed load_policies_for(const CliContext& cli,
                                               const std::vector<std::string>& paths);

/// What --policy names must be there, also for a command that needs no policies.
[[nodiscard]] CliResult<void> check_named_policies(const GlobalOptions& options);

/// The failure of a set with errors, with every diagnostic.
[[nodiscard]] tl::unexpected<Failure> policy_failure(const policy::Parsed& parsed);

}  // namespace vfioctl

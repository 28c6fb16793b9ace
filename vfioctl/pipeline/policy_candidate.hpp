// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "vfioctl/pipeline/host_assessment.hpp"

namespace vfioctl {

/// The policies in force with files added: a file takes the place of the one of its name, as it
/// would in /etc.
struct CandidatePolicies {
    policy::PolicySet before;
    policy::PolicySet after;
};
/// Fails with the diagnostics of the set as it would be.
[[nodiscard]] CliResult<CandidatePolicies> read_candidates(const CliContext& cli,
                                                           const std::vector<std::string>& files);

/// The same with a text that is in no file yet, under the name that it will have. An empty text
/// removes the file of its name.
[[nodiscard]] CliResult<CandidatePolicies> with_candidates(const CliContext& cli,
                                                           std::vector<policy::SourceFile> added);

/// One rule or variant that is not the same in both.
struct PolicyChange {
    const char* change;  ///< "added", "removed" or "changed"
    const char* kind;    ///< "rule" or "variant"
    std::string name;
    std::string where;  ///< of the new one; of the old one when it is removed
};
/// By name: the order and the files of rules do not count, their text as `policy show` prints it
/// does.
[[nodiscard]] std::vector<PolicyChange> compare_policies(const policy::PolicySet& before,
                                                         const policy::PolicySet& after);
[[nodiscard]] std::string changes_text(const std::vector<PolicyChange>& changes);
[[nodiscard]] nlohmann::ordered_json changes_json(const std::vector<PolicyChange>& changes);

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/rule_file.hpp"

#include <algorithm>
#include <utility>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"

namespace vfioctl {
namespace {

constexpr const char* kPolicyDirectory = "/etc/bindd/policies.d";
constexpr const char* kRuleFileName = "/90-vfioctl.yaml";
constexpr const char* kHeader =
    "# Kept by `vfioctl bind --persist`, which rewrites it: rules stay, comments do not.\n";

}  // namespace

CliResult<RuleFile> RuleFile::read(const sysfs::Root& root) {
    RuleFile out;
    out.path_ = root.path(kPolicyDirectory) + kRuleFileName;
    auto text = base::read_file(out.path_);
    if (!text) {
        if (text.error().code == base::Code::kNotFound)
            return out;
        return fail(text.error());
    }
    const std::vector<policy::SourceFile> files = {{out.path_, std::move(*text)}};
    policy::Parsed parsed = policy::parse_set(files);
    if (!parsed.ok())
        return tl::unexpected(Failure{.code = ExitCode::kFailed,
                                      .what = out.path_,
                                      .why = "contains errors, so no rule can be added",
                                      .hint = "fix or remove it; nothing has been changed",
                                      .diagnostics = std::move(parsed.diagnostics)});
    out.set_ = std::move(parsed.set);
    return out;
}

void RuleFile::add_or_replace(policy::Rule rule) {
    const auto same = std::find_if(set_.rules.begin(), set_.rules.end(),
                                   [&](const policy::Rule& r) { return r.name == rule.name; });
    if (same == set_.rules.end())
        set_.rules.push_back(std::move(rule));
    else
        *same = std::move(rule);
}

CliResult<void> RuleFile::write() const {
    TRY(to_cli(base::make_directories(base::directory_name(path_))));
    TRY(to_cli(
        base::replace_file(path_, kHeader + policy::emit(set_), 0644, base::Durability::kSynced)));
    return {};
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/rule_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "binding/policies/policy_files.hpp"
#include "policy/decide/decide.hpp"
#include "policy/plan/bind_rule.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"

namespace vfioctl {
namespace {

constexpr const char* kPolicyDirectory = "/etc/bindd/policies.d";
constexpr const char* kRuleFileName = "/90-vfioctl.yaml";
/// Of a rule whose name another file has: `policy generate` names its rules alike.
constexpr const char* kSuffix = "-kept";
constexpr const char* kHeader =
    "# Kept by `vfioctl bind --persist`, which rewrites it: rules stay, comments do not.\n";

}  // namespace

CliResult<RuleFile> RuleFile::read(const sysfs::Root& root) {
    RuleFile out;
    out.path_ = root.path(kPolicyDirectory) + kRuleFileName;
    out.others_ = binding::read_policy_files(binding::standard_policy_dirs(root),
                                             binding::MissingPath::kIgnore)
                      .files;
    // A file of its name in a weaker directory is masked by ours.
    std::erase_if(out.others_, [](const policy::SourceFile& file) {
        return file.name.ends_with(kRuleFileName);
    });
    out.other_set_ = policy::parse_set(out.others_).set;
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

void RuleFile::add_or_replace(policy::Rule rule, const sysfs::Device& device,
                              const sysfs::Inventory& inventory) {
    remove(device);
    const auto is_taken = [&](const policy::Rule& other) { return other.name == rule.name; };
    if (std::any_of(other_set_.rules.begin(), other_set_.rules.end(), is_taken))
        rule.name += kSuffix;
    for (const policy::RuleTrace& trace : policy::trace_rules(other_set_, device, inventory))
        if (trace.matched && !trace.rule->protect)
            rule.priority = std::max(rule.priority, trace.rule->priority + 1);
    added_[device.id] = rule.name;
    set_.rules.push_back(std::move(rule));
}

bool RuleFile::remove(const sysfs::Device& device) {
    const std::string name = policy::make_bind_rule(device, {}).name;
    return std::erase_if(set_.rules, [&](const policy::Rule& rule) {
               return rule.name == name || rule.name == name + kSuffix;
           }) != 0;
}

CliResult<void> RuleFile::check(const std::string& text, const sysfs::Inventory& inventory,
                                const sysfs::Drivers& drivers) const {
    std::vector<policy::SourceFile> files = others_;
    files.push_back({path_, text});
    std::stable_sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
        return base::base_name(a.name) < base::base_name(b.name);
    });
    policy::Parsed parsed = policy::parse_set(files);
    if (!parsed.ok())
        return tl::unexpected(Failure{.code = ExitCode::kFailed,
                                      .what = path_,
                                      .why = "would make the policies invalid: not written",
                                      .hint = {},
                                      .diagnostics = std::move(parsed.diagnostics)});
    const policy::Decisions decisions = policy::decide(parsed.set, inventory, drivers);
    for (const auto& [id, name] : added_) {
        const policy::Decision* decision = policy::find_decision(decisions, id);
        if (decision == nullptr || decision->rule == nullptr || decision->rule->name != name)
            return fail(ExitCode::kFailed, path_,
                        "rule '" + name + "' would not decide for " + id.display() + ": " +
                            (decision == nullptr ? "it does not match" : decision->why) +
                            ": not written");
    }
    return {};
}

CliResult<void> RuleFile::write(const sysfs::Inventory& inventory,
                                const sysfs::Drivers& drivers) const {
    const std::string text = kHeader + policy::emit(set_);
    if (set_.rules.empty() && set_.variants.empty()) {
        if (::unlink(path_.c_str()) != 0 && errno != ENOENT)
            return fail(base::fail_errno(errno, "remove", path_).value());
        return {};
    }
    TRY(check(text, inventory, drivers));
    TRY(to_cli(base::make_directories(base::directory_name(path_))));
    TRY(to_cli(base::replace_file(path_, text, 0644, base::Durability::kSynced)));
    return {};
}

}  // namespace vfioctl

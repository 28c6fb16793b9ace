// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/policy_candidate.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/path.hpp"
#include "binding/policies/policy_files.hpp"
#include "policy/yaml/policy_writer.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"

namespace vfioctl {
namespace {

std::vector<policy::SourceFile> sources_in_force(const CliContext& cli) {
    if (cli.daemon != nullptr)
        return cli.snapshot->sources;
    const auto& named = cli.options.policies;
    return binding::read_policy_files(
               named.empty() ? binding::standard_policy_dirs(cli.options.root) : named,
               binding::MissingPath::kIgnore)
        .files;
}

struct NamedPart {
    std::string text;
    std::string where;
};

template <typename Part>
std::map<std::string, NamedPart> parts_by_name(const std::vector<Part>& parts,
                                               std::vector<Part> policy::PolicySet::*list) {
    std::map<std::string, NamedPart> out;
    for (const Part& part : parts) {
        policy::PolicySet alone;
        (alone.*list).push_back(part);
        out[part.name] = {policy::emit(alone), part.where.text()};
    }
    return out;
}

void compare(const std::map<std::string, NamedPart>& before,
             const std::map<std::string, NamedPart>& after, const char* kind,
             std::vector<PolicyChange>& changes) {
    for (const auto& [name, part] : after)
        if (const auto old = before.find(name); old == before.end())
            changes.push_back({"added", kind, name, part.where});
        else if (old->second.text != part.text)
            changes.push_back({"changed", kind, name, part.where});
    for (const auto& [name, part] : before)
        if (!after.contains(name))
            changes.push_back({"removed", kind, name, part.where});
}

}  // namespace

CliResult<CandidatePolicies> read_candidates(const CliContext& cli,
                                             const std::vector<std::string>& files) {
    binding::PolicyFiles added = binding::read_policy_files(files, binding::MissingPath::kError);
    if (!added.diagnostics.empty())
        return policy_failure({.set = {}, .diagnostics = std::move(added.diagnostics)});
    return with_candidates(cli, std::move(added.files));
}

CliResult<CandidatePolicies> with_candidates(const CliContext& cli,
                                             std::vector<policy::SourceFile> added) {
    CandidatePolicies out;
    std::vector<policy::SourceFile> sources = sources_in_force(cli);
    out.before = policy::parse_set(sources).set;
    for (policy::SourceFile& file : added) {
        std::erase_if(sources, [&](const policy::SourceFile& other) {
            return base::base_name(other.name) == base::base_name(file.name);
        });
        if (!file.text.empty())
            sources.push_back(std::move(file));
    }
    std::stable_sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
        return base::base_name(a.name) < base::base_name(b.name);
    });
    policy::Parsed parsed = policy::parse_set(sources);
    if (!parsed.ok())
        return policy_failure(parsed);
    out.after = std::move(parsed.set);
    return out;
}

std::vector<PolicyChange> compare_policies(const policy::PolicySet& before,
                                           const policy::PolicySet& after) {
    std::vector<PolicyChange> changes;
    compare(parts_by_name(before.rules, &policy::PolicySet::rules),
            parts_by_name(after.rules, &policy::PolicySet::rules), "rule", changes);
    compare(parts_by_name(before.variants, &policy::PolicySet::variants),
            parts_by_name(after.variants, &policy::PolicySet::variants), "variant", changes);
    return changes;
}

std::string changes_text(const std::vector<PolicyChange>& changes) {
    std::string out = changes.empty() ? "policies: the same rules and variants\n" : "policies:\n";
    for (const PolicyChange& each : changes)
        out += printable(std::string("  ") + each.change + " " + each.kind + " " + each.name +
                         " (" + each.where + ")") +
               "\n";
    return out;
}

nlohmann::ordered_json changes_json(const std::vector<PolicyChange>& changes) {
    auto list = nlohmann::ordered_json::array();
    for (const PolicyChange& each : changes)
        list.push_back({{"change", each.change},
                        {"kind", each.kind},
                        {"name", each.name},
                        {"where", each.where}});
    return list;
}

}  // namespace vfioctl

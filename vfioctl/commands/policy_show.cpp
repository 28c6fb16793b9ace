// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/policy_show.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/yaml/policy_writer.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"

namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

/// Where each part comes from, as comments: what follows stays a policy that parses.
std::string origins(const policy::PolicySet& set) {
    std::string out;
    for (const policy::Variant& variant : set.variants)
        out += "# variant " + variant.name + ": " + variant.where.text() + "\n";
    for (const policy::Rule& rule : set.rules)
        out += "# rule " + rule.name + ": " + rule.where.text() + "\n";
    return out;
}

template <typename Part>
Json part_json(const Part& part) {
    const std::string where = part.where.text();
    return {{"name", part.name},
            {"where", where.empty() ? Json(nullptr) : Json(where)},
            {"priority", part.priority}};
}

}  // namespace

Json rules_json(const policy::PolicySet& set) {
    Json rules = Json::array();
    for (const policy::Rule& rule : set.rules) {
        Json entry = part_json(rule);
        entry["protect"] = rule.protect;
        rules.push_back(std::move(entry));
    }
    return rules;
}

Json variants_json(const policy::PolicySet& set) {
    Json variants = Json::array();
    for (const policy::Variant& variant : set.variants)
        variants.push_back(part_json(variant));
    return variants;
}

CliResult<ExitCode> run_policy_show(CliContext& cli, const Arguments& arguments) {
    const policy::Parsed parsed = load_policies_for(cli, arguments.words);
    if (!parsed.ok())
        return policy_failure(parsed);
    const policy::PolicySet& set = parsed.set;
    cli.err << policy::render(parsed.diagnostics);
    if (!cli.json()) {
        cli.out << origins(set) << policy::emit(set);
        return ExitCode::kDone;
    }
    Json json = json_document();
    json["files"] = set.files;
    json["generation"] = set.generation;
    json["variants"] = variants_json(set);
    json["rules"] = rules_json(set);
    json["yaml"] = policy::emit(set);
    cli.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl

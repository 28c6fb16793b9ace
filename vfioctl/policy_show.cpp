// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/policy_paths.hpp"

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
    return {{"name", part.name}, {"where", part.where.text()}, {"priority", part.priority}};
}

}  // namespace

Outcome<ExitCode> run_policy_show(Session& session, const Arguments& arguments) {
    const policy::Parsed parsed = load_for(session, arguments.words);
    if (!parsed.ok())
        return unusable(parsed);
    const policy::PolicySet& set = parsed.set;
    session.err << policy::render(parsed.diagnostics);
    if (!session.json()) {
        session.out << origins(set) << policy::emit(set);
        return ExitCode::kDone;
    }
    Json json = document();
    json["files"] = set.files;
    json["generation"] = set.generation;
    auto& variants = json["variants"] = Json::array();
    for (const policy::Variant& variant : set.variants)
        variants.push_back(part_json(variant));
    auto& rules = json["rules"] = Json::array();
    for (const policy::Rule& rule : set.rules) {
        Json entry = part_json(rule);
        entry["protect"] = rule.protect;
        rules.push_back(std::move(entry));
    }
    json["yaml"] = policy::emit(set);
    session.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl

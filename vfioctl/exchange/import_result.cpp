// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/import_result.hpp"

#include <algorithm>
#include <utility>

#include "policy/decide/match.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"

namespace vfioctl {
namespace {

constexpr std::size_t kLongestName = 64;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
}

bool has_rule(const policy::PolicySet& set, const std::string& name) {
    return std::any_of(set.rules.begin(), set.rules.end(),
                       [&](const policy::Rule& rule) { return rule.name == name; });
}

/// Two names may differ only in characters that a rule's name does not have.
std::string unused_name(const policy::PolicySet& set, const std::string& wanted) {
    std::string name = wanted;
    for (unsigned number = 2; has_rule(set, name); ++number) {
        const std::string suffix = "-" + std::to_string(number);
        name = wanted.substr(0, kLongestName - suffix.size()) + suffix;
    }
    return name;
}

/// Why a policy file could not hold this rule; empty: it can.
std::string validation_error(const policy::Rule& rule) {
    policy::PolicySet alone;
    alone.rules.push_back(rule);
    const std::vector<policy::SourceFile> files = {{"imported", policy::emit(alone)}};
    const policy::Parsed parsed = policy::parse_set(files);
    for (const policy::Diagnostic& diagnostic : parsed.diagnostics)
        if (diagnostic.severity == policy::DiagnosticSeverity::kError)
            return diagnostic.text;
    return {};
}

bool binds_to_vfio(const policy::Rule& rule) {
    return rule.driver && std::any_of(rule.driver->chain.begin(), rule.driver->chain.end(),
                                      [](const policy::Candidate& candidate) {
                                          return sysfs::is_vfio_driver(candidate.driver);
                                      });
}

const policy::Rule* find_rule(const policy::PolicySet& set, const sysfs::Device& device,
                              const sysfs::Inventory& inventory) {
    for (const policy::Rule& rule : set.rules)
        if (policy::matches(rule.match, device, inventory))
            return &rule;
    return nullptr;
}

}  // namespace

void ImportResult::add_rule(policy::Rule rule, const std::string& where) {
    rule.name = unused_name(set, rule.name);
    if (const std::string why = validation_error(rule); !why.empty())
        return add_omission(where, why + ": not imported");
    set.rules.push_back(std::move(rule));
}

policy::Rule imported_rule(const std::string& name) {
    policy::Rule rule;
    rule.name = name.substr(0, kLongestName);
    std::replace_if(
        rule.name.begin(), rule.name.end(), [](char c) { return !is_name_character(c); }, '_');
    return rule;
}

policy::FieldTest imported_field(policy::Field field, std::string wanted) {
    return {.field = field, .key = {}, .wanted = {std::move(wanted)}, .ranges = {}, .where = {}};
}

std::string escape_glob(const std::string& name) {
    std::string out;
    for (const char c : name) {
        if (c == '*' || c == '?' || c == '[')
            out += std::string("[") + c + "]";
        else
            out += c;
    }
    return out;
}

policy::DriverAction imported_driver(const std::string& driver) {
    if (driver == "none")
        return {.kind = policy::DriverAction::ActionKind::kNone, .chain = {}};
    return {.kind = policy::DriverAction::ActionKind::kChain,
            .chain = {{policy::Candidate::CandidateKind::kNamed, driver}}};
}

void report_group_peers(ImportResult& imported, const sysfs::Inventory& inventory) {
    for (const sysfs::Device& device : inventory.devices) {
        const policy::Rule* rule = find_rule(imported.set, device, inventory);
        const sysfs::Group* group = inventory.find_group(device);
        if (rule == nullptr || group == nullptr || !binds_to_vfio(*rule))
            continue;
        for (const sysfs::Blocker& blocker : group->blockers) {
            const sysfs::Device* peer = inventory.find(blocker.device);
            if (peer->id != device.id && find_rule(imported.set, *peer, inventory) == nullptr)
                imported.add_omission(device.id.display(),
                                      "shares IOMMU group " + std::to_string(group->id) + " with " +
                                          peer->id.display() + " on " + blocker.driver +
                                          ", so rule " + rule->name +
                                          " is refused; 'group: whole' would include it");
        }
    }
}

}  // namespace vfioctl

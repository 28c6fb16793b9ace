// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/policy_model.hpp"

#include "policy/model/match_bus.hpp"
#include "policy/model/match_fields.hpp"

namespace policy {
namespace {

void collect_required_facts(const Match& match, sysfs::ScanOptions& wanted) {
    for (const FieldTest& test : match.fields)
        if (const auto require = match_field(test.field).require)
            require(test, wanted);
    for (const std::vector<Match>* inner : {&match.pf, &match.all, &match.none})
        for (const Match& each : *inner)
            collect_required_facts(each, wanted);
    for (const std::vector<Match>& alternatives : match.any)
        for (const Match& each : alternatives)
            collect_required_facts(each, wanted);
}

}  // namespace

std::string rule_citation(const Rule& rule) {
    const std::string where = rule.where.text();
    return "rule " + rule.name + (where.empty() ? "" : " (" + where + ")");
}

sysfs::ScanOptions PolicySet::required_facts() const {
    sysfs::ScanOptions wanted;
    for (const Variant& variant : variants) {
        collect_required_facts(variant.match, wanted);
        wanted.drivers.insert(variant.drivers.begin(), variant.drivers.end());
    }
    for (const Rule& rule : rules) {
        collect_required_facts(rule.match, wanted);
        wanted.other_buses = wanted.other_buses || !is_limited_to_pci(rule.match);
        for (const Match& peer : rule.group.listed)
            collect_required_facts(peer, wanted);
        wanted.vf_makers = wanted.vf_makers || rule.sriov_vfs.has_value();
        wanted.access = wanted.access || rule.access != AccessSpec{};
        for (const auto& [name, value] : rule.attrs)
            wanted.attrs.merge(attributes_to_read(name));
        if (rule.access.owner)
            wanted.users.insert(*rule.access.owner);
        if (rule.access.group)
            wanted.groups.insert(*rule.access.group);
        if (!rule.driver)
            continue;
        for (const Candidate& candidate : rule.driver->chain)
            if (candidate.kind == Candidate::CandidateKind::kNamed)
                wanted.drivers.insert(candidate.driver);
    }
    return wanted;
}

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/report/explain_report.hpp"

#include "binding/codec/json.hpp"
#include "binding/report/plan_report.hpp"

namespace binding {
namespace {

using policy::Decision;

Json rule_json(const policy::RuleTrace& trace) {
    Json fields = Json::array();
    for (const policy::FieldResult& field : trace.fields)
        fields.push_back({{"key", utf8(field.key)},
                          {"wanted", utf8(field.wanted)},
                          {"actual", text_or_null(field.actual)},
                          {"ok", field.ok}});
    return {{"name", utf8(trace.rule->name)},
            {"where", text_or_null(trace.rule->where.text())},
            {"priority", trace.rule->priority},
            {"matched", trace.matched},
            {"fields", std::move(fields)}};
}

Json link_json(const policy::ChainLink& link) {
    return {{"driver", text_or_null(link.driver)},
            {"module", text_or_null(link.module)},
            {"from", utf8(link.from)},
            {"fate", policy::candidate_status_name(link.status)},
            {"why", text_or_null(link.why)}};
}

/// Without a transaction nothing is to be done: as it should be, or left alone in a conflict.
const char* explain_verdict(const Decision& decision, const policy::Transaction* transaction) {
    if (transaction != nullptr)
        return policy::verdict_name(transaction->verdict);
    return policy::verdict_name(decision.outcome == policy::DecisionOutcome::kConflict
                                    ? policy::Verdict::kConflict
                                    : policy::Verdict::kOk);
}

}  // namespace

Json explain_json(const sysfs::Device& device, const policy::PolicySet& set,
                  const Decision& decision, const policy::Transaction* transaction,
                  const sysfs::Inventory& inventory) {
    Json rules = Json::array();
    for (const policy::RuleTrace& trace : policy::trace_rules(set, device, inventory))
        rules.push_back(rule_json(trace));
    Json chain = Json::array();
    for (const policy::ChainLink& link : decision.chain.links)
        chain.push_back(link_json(link));
    const bool won =
        decision.rule != nullptr && decision.outcome != policy::DecisionOutcome::kConflict;
    return {{"device", utf8(device.id.display())},
            {"rules", std::move(rules)},
            {"winner", won ? Json(utf8(decision.rule->name)) : Json(nullptr)},
            {"chain", std::move(chain)},
            {"verdict", explain_verdict(decision, transaction)},
            {"reasons",
             transaction == nullptr ? Json(Json::array()) : reasons_json(transaction->reasons)},
            {"why", text_or_null(decision.why)}};
}

}  // namespace binding

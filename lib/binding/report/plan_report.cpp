// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/report/plan_report.hpp"

#include "base/name_table.hpp"
#include "binding/codec/json.hpp"

namespace binding {
namespace {

using policy::StepResult;
using policy::Transaction;
using policy::Verdict;

Json result_json(const std::optional<StepResult>& result) {
    return result ? Json(policy::step_result_name(*result)) : Json(nullptr);
}

Json step_json(const policy::Step& step) {
    return {{"op", policy::op_name(step.op)},      {"device", utf8(step.device.display())},
            {"value", text_or_null(step.value)},   {"result", result_json(step.result)},
            {"module", text_or_null(step.module)}, {"error", text_or_null(step.error)}};
}

Json change_json(const policy::Change& change) {
    const policy::ChainLink* first = change.first_candidate();
    return {{"device", utf8(change.target.id.display())},
            {"from", text_or_null(change.from_driver)},
            {"to", text_or_null(change.target_name())},
            {"module", first != nullptr ? text_or_null(first->module) : Json(nullptr)},
            {"rule", text_or_null(change.rule)},
            {"where", text_or_null(change.where)},
            {"taken_along", change.taken_along}};
}

struct PlanSummary {
    unsigned change = 0;
    unsigned ok = 0;
    unsigned refused = 0;
    unsigned conflict = 0;
    unsigned failed = 0;
    unsigned stuck = 0;

    /// `failed` and `stuck` are of those that were to change.
    void count(const Transaction& transaction) {
        switch (transaction.verdict) {
            case Verdict::kOk:
                ++ok;
                break;
            case Verdict::kChange:
                ++change;
                break;
            case Verdict::kRefused:
                ++refused;
                break;
            case Verdict::kConflict:
                ++conflict;
                break;
        }
        if (!transaction.result)
            return;
        switch (*transaction.result) {
            case StepResult::kFailed:
            case StepResult::kSkipped:
            case StepResult::kRolledBack:
                ++failed;
                break;
            case StepResult::kStuck:
                ++stuck;
                break;
            case StepResult::kDone:
                break;
        }
    }
};

using policy::Decision;

constexpr base::NameTable<policy::DecisionOutcome::kWanted> kOutcomeNames{"unmanaged", "protected",
                                                                          "conflict", "wanted"};

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

Json transaction_json(const Transaction& transaction) {
    Json devices = Json::array();
    for (const sysfs::DeviceId& device : transaction.devices)
        devices.push_back(utf8(device.display()));
    Json steps = Json::array();
    for (const policy::Step& step : transaction.steps)
        steps.push_back(step_json(step));
    Json changes = Json::array();
    for (const policy::Change& change : transaction.changes)
        changes.push_back(change_json(change));
    Json notes = Json::array();
    for (const std::string& note : transaction.notes)
        notes.push_back(utf8(note));
    return {{"group", or_null(transaction.group)},
            {"verdict", policy::verdict_name(transaction.verdict)},
            {"devices", std::move(devices)},
            {"steps", std::move(steps)},
            {"reasons", reasons_json(transaction.reasons)},
            {"result", result_json(transaction.result)},
            {"error", text_or_null(transaction.error)},
            {"changes", std::move(changes)},
            {"notes", std::move(notes)}};
}

Json reasons_json(const std::vector<policy::Reason>& reasons) {
    Json all = Json::array();
    for (const policy::Reason& reason : reasons)
        all.push_back({{"code", policy::reason_name(reason.code)},
                       {"device", utf8(reason.device.display())},
                       {"text", utf8(reason.text)},
                       {"evidence", text_or_null(reason.evidence)},
                       {"forceable", reason.forceable}});
    return all;
}

Json plan_json(const policy::Plan& plan) {
    Json transactions = Json::array();
    PlanSummary summary;
    for (const Transaction& transaction : plan.transactions) {
        transactions.push_back(transaction_json(transaction));
        summary.count(transaction);
    }
    return {{"transactions", std::move(transactions)},
            {"summary",
             {{"change", summary.change},
              {"ok", summary.ok},
              {"refused", summary.refused},
              {"conflict", summary.conflict},
              {"failed", summary.failed},
              {"stuck", summary.stuck}}}};
}

std::vector<WantedAttribute> wanted_attributes(const sysfs::Device& device,
                                               const Decision* decision) {
    std::vector<WantedAttribute> out;
    if (decision != nullptr && decision->outcome == policy::DecisionOutcome::kWanted)
        for (const auto& [name, value] : decision->rule->attrs)
            out.push_back({name, value, policy::attribute_value(device.attrs, name)});
    return out;
}

Json wanted_attributes_json(const sysfs::Device& device, const Decision* decision) {
    Json out = Json::array();
    for (const auto& [name, wanted, actual] : wanted_attributes(device, decision))
        out.push_back(
            {{"name", utf8(name)}, {"wanted", utf8(wanted)}, {"actual", text_or_null(actual)}});
    return out;
}

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
    return {
        {"device", utf8(device.id.display())},
        {"rules", std::move(rules)},
        {"winner", won ? Json(utf8(decision.rule->name)) : Json(nullptr)},
        {"chain", std::move(chain)},
        {"attrs", wanted_attributes_json(device, &decision)},
        {"verdict", explain_verdict(decision, transaction)},
        {"reasons",
         transaction == nullptr ? Json(Json::array()) : reasons_json(transaction->reasons)},
        {"why", text_or_null(decision.why)},
        {"outcome", kOutcomeNames[decision.outcome]},
        {"driver", text_or_null(device.driver)},
        {"iommu_group", or_null(device.iommu_group)},
        {"transaction", transaction == nullptr ? Json(nullptr) : transaction_json(*transaction)}};
}

}  // namespace binding

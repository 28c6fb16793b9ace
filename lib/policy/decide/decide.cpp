// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/decide.hpp"

#include <algorithm>

#include "policy/decide/rule_equivalence.hpp"
#include "policy/decide/rule_index.hpp"

namespace policy {
namespace {

std::string rule_citations(const std::vector<const Rule*>& rules) {
    std::string out;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (i != 0)
            out += i + 1 == rules.size() ? " and " : ", ";
        out += rule_citation(*rules[i]);
    }
    return out;
}

/// Decides the devices in order and counts the winners of rules with a limit.
class Decider {
  public:
    Decider(const PolicySet& set, const sysfs::Inventory& inventory, const sysfs::Drivers& drivers,
            const std::vector<RequestedRule>& requests, const BoundRules& bound)
        : set_(set), inventory_(inventory), drivers_(drivers), bound_(bound), index_(set.rules) {
        for (const RequestedRule& request : requests)
            requests_.insert_or_assign(request.device, request.rule);
        count_bound_devices();
    }

    Decision decide(const sysfs::Device& device) {
        Decision decision;
        decision.device = device.id;
        const auto bound = bound_.find(device.id);
        decision.taken_along = bound != bound_.end() && bound->second.taken_along;
        find_matching(device);
        const auto request = requests_.find(device.id);
        const Rule* asked = request == requests_.end() ? nullptr : request->second;
        if (const Rule* protector = find_protector()) {
            decision.outcome = DecisionOutcome::kProtected;
            decision.rule = protector;
            decision.refused = asked;
            decision.why = "protected by " + rule_citation(*protector);
        } else if (asked != nullptr) {
            assign(decision, device, *asked, "requested by the user");
        } else {
            select_rule(decision, device);
        }
        return decision;
    }

  private:
    /// What a rule with a limit has bound counts for it before any other device does, and whatever
    /// else wants it now: otherwise the rule would take another one each time.
    void count_bound_devices() {
        if (std::none_of(set_.rules.begin(), set_.rules.end(),
                         [](const Rule& rule) { return rule.limit.has_value(); }))
            return;
        for (const auto& [id, rule] : bound_) {
            const sysfs::Device* device = inventory_.find(id);
            if (device == nullptr)
                continue;
            index_.candidates(*device, candidates_);
            find_bound_by(*device);
            if (bound_by_ != nullptr && bound_by_->limit && !is_overruled(*device))
                count(*bound_by_, id);
        }
    }

    void count(const Rule& rule, const sysfs::DeviceId& device) {
        std::vector<sysfs::DeviceId>& winners = winners_[&rule];
        if (!counts_for(rule, device) && winners.size() < *rule.limit)
            winners.push_back(device);
    }

    bool counts_for(const Rule& rule, const sysfs::DeviceId& device) const {
        const auto found = winners_.find(&rule);
        return found != winners_.end() &&
               std::find(found->second.begin(), found->second.end(), device) != found->second.end();
    }

    /// Does a better rule take the device over, and not only since it was bound?
    bool is_overruled(const sysfs::Device& device) const {
        return std::any_of(candidates_.begin(), candidates_.end(), [&](std::uint32_t index) {
            const Rule& rule = set_.rules[index];
            return !rule.protect && !rule.limit && rule.priority > bound_by_->priority &&
                   match_before_binding(rule, device, inventory_) == PossibleMatch::kYes;
        });
    }

    /// The matching rules, best first: by priority, then file order.
    void find_matching(const sysfs::Device& device) {
        index_.candidates(device, candidates_);
        matching_.clear();
        find_bound_by(device);
        for (const std::uint32_t index : candidates_) {
            const Rule& rule = set_.rules[index];
            if (&rule == bound_by_ ||
                (matches(rule.match, device, inventory_) &&
                 !(bound_by_ != nullptr && is_match_by_binding(rule, device))))
                matching_.push_back(&rule);
        }
        std::stable_sort(matching_.begin(), matching_.end(),
                         [](const Rule* a, const Rule* b) { return a->priority > b->priority; });
    }

    /// The rule that has bound the device.
    void find_bound_by(const sysfs::Device& device) {
        bound_by_ = nullptr;
        const auto bound = bound_.find(device.id);
        if (bound == bound_.end() || bound->second.taken_along)
            return;
        for (const std::uint32_t index : candidates_) {
            const Rule& rule = set_.rules[index];
            if (rule.name == bound->second.rule &&
                match_before_binding(rule, device, inventory_) != PossibleMatch::kNo)
                bound_by_ = &rule;
        }
    }

    /// A rule that matches perhaps only since the device was bound. One of the same priority would
    /// be a conflict; a better one would take from a rule with a limit whatever that binds.
    bool is_match_by_binding(const Rule& rule, const sysfs::Device& device) const {
        return !rule.protect && (rule.priority == bound_by_->priority || bound_by_->limit) &&
               match_before_binding(rule, device, inventory_) == PossibleMatch::kMaybe;
    }

    const Rule* find_protector() const {
        const auto found = std::find_if(matching_.begin(), matching_.end(),
                                        [](const Rule* rule) { return rule->protect; });
        return found == matching_.end() ? nullptr : *found;
    }

    void select_rule(Decision& decision, const sysfs::Device& device) {
        std::string skipped;
        std::vector<const Rule*> best;
        for (const Rule* rule : matching_) {
            if (!best.empty() && rule->priority < best.front()->priority)
                break;
            if (!limit_reached(*rule, device.id))
                best.push_back(rule);
            else
                skipped += (skipped.empty() ? "" : "; ") + limit_text(*rule);
        }
        if (best.empty()) {
            decision.why = skipped.empty() ? "no rule matches" : skipped;
            return;
        }
        const bool agree = std::all_of(best.begin(), best.end(), [&](const Rule* rule) {
            return same_action(*rule, *best.front());
        });
        if (!agree) {
            decision.outcome = DecisionOutcome::kConflict;
            decision.rule = best.front();
            decision.why = rule_citations(best) + " ask for different things at priority " +
                           std::to_string(best.front()->priority);
            decision.conflicting_rules = std::move(best);
            return;
        }
        if (best.front()->limit)
            count(*best.front(), device.id);
        const bool kept =
            best.front() == bound_by_ && !matches(bound_by_->match, device, inventory_);
        assign(decision, device, *best.front(),
               rule_citation(*best.front()) + (kept ? ", which matched when it was applied" : "") +
                   (skipped.empty() ? "" : "; " + skipped));
    }

    void assign(Decision& decision, const sysfs::Device& device, const Rule& rule,
                std::string why) {
        decision.outcome = DecisionOutcome::kWanted;
        decision.rule = &rule;
        decision.why = std::move(why);
        if (!rule.driver || rule.driver->kind != DriverAction::ActionKind::kChain)
            return;
        decision.chain =
            driver_chain(*rule.driver, rule.name, device, set_.variants, inventory_, drivers_);
        if (!decision.chain.ambiguous)
            return;
        decision.outcome = DecisionOutcome::kConflict;
        decision.why = equal_claims(decision.chain) +
                       " claim the device equally well; a variant that names one would rank them";
    }

    static std::string equal_claims(const Chain& chain) {
        std::string out;
        for (const ChainLink& link : chain.links)
            if (link.status == CandidateStatus::kAmbiguous)
                out += (out.empty() ? "" : " and ") +
                       (link.driver ? *link.driver : "the module " + link.module.value_or("")) +
                       " (" + link.from + ")";
        return out;
    }

    bool limit_reached(const Rule& rule, const sysfs::DeviceId& device) const {
        if (!rule.limit || counts_for(rule, device))
            return false;
        const auto found = winners_.find(&rule);
        return found != winners_.end() && found->second.size() >= *rule.limit;
    }

    std::string limit_text(const Rule& rule) const {
        const std::vector<sysfs::DeviceId>& winners = winners_.at(&rule);
        std::string names = winners.front().display();
        for (std::size_t i = 1; i < std::min<std::size_t>(winners.size(), 4); ++i)
            names += ", " + winners[i].display();
        if (winners.size() > 4)
            names += " and " + std::to_string(winners.size() - 4) + " more";
        return rule_citation(rule) + ": limit " + std::to_string(*rule.limit) + " used up by " +
               names;
    }

    const PolicySet& set_;
    const sysfs::Inventory& inventory_;
    const sysfs::Drivers& drivers_;
    const BoundRules& bound_;
    RuleIndex index_;
    std::map<sysfs::DeviceId, const Rule*> requests_;
    std::map<const Rule*, std::vector<sysfs::DeviceId>> winners_;  ///< of rules with a limit
    std::vector<std::uint32_t> candidates_;                        ///< scratch, reused per device
    std::vector<const Rule*> matching_;                            ///< scratch
    const Rule* bound_by_ = nullptr;                               ///< scratch
};

}  // namespace

Decisions decide(const PolicySet& set, const sysfs::Inventory& inventory,
                 const sysfs::Drivers& drivers, const std::vector<RequestedRule>& requests,
                 const BoundRules& bound) {
    Decider decider(set, inventory, drivers, requests, bound);
    Decisions decisions;
    for (const auto& [id, rule] : bound)
        if (const sysfs::Device* device = inventory.find(id);
            device != nullptr && !rule.taken_along)
            decisions.emplace(id, decider.decide(*device));
    for (const sysfs::Device& device : inventory.devices)
        if (!decisions.contains(device.id))
            decisions.emplace_hint(decisions.end(), device.id, decider.decide(device));
    return decisions;
}

const Decision* find_decision(const Decisions& decisions, const sysfs::DeviceId& id) {
    const auto found = decisions.find(id);
    return found == decisions.end() ? nullptr : &found->second;
}

std::vector<RuleTrace> trace_rules(const PolicySet& set, const sysfs::Device& device,
                                   const sysfs::Inventory& inventory) {
    std::vector<RuleTrace> traces;
    traces.reserve(set.rules.size());
    for (const Rule& rule : set.rules) {
        RuleTrace traced;
        traced.rule = &rule;
        traced.matched = trace(rule.match, device, inventory, traced.fields);
        traces.push_back(std::move(traced));
    }
    return traces;
}

}  // namespace policy

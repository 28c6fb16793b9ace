// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/policy_warnings.hpp"

#include <algorithm>
#include <set>

#include "base/edit_distance.hpp"
#include "policy/decide/candidate_resolver.hpp"
#include "policy/decide/contradiction.hpp"
#include "policy/decide/rule_index.hpp"
#include "policy/model/match_bus.hpp"

namespace policy {
namespace {

constexpr std::size_t kMostNearest = 50;       ///< rules whose nearest device is searched for
constexpr std::size_t kMostCompared = 20'000;  ///< pairs of rules

/// Of one rule: the devices that match, and whether it decides one.
struct RuleEffect {
    std::vector<const sysfs::Device*> matched;
    bool decides = false;
};

bool has_field(const Match& match, Field field) {
    return std::any_of(match.fields.begin(), match.fields.end(),
                       [&](const FieldTest& test) { return test.field == field; });
}

/// Is it for VFs, which exist once their PF has made them?
bool is_for_vfs(const Match& match) {
    return !match.pf.empty() || has_field(match, Field::kVf) || has_field(match, Field::kIsVf) ||
           std::any_of(match.all.begin(), match.all.end(), is_for_vfs);
}

class PolicyReview {
  public:
    PolicyReview(const PolicySet& set, const sysfs::Inventory& inventory,
                 const sysfs::Drivers& drivers, const Decisions& decisions)
        : set_(set), inventory_(inventory), drivers_(drivers), decisions_(decisions) {}

    std::vector<Diagnostic> warnings() && {
        find_effects();
        for (std::size_t at = 0; at < set_.rules.size(); ++at) {
            review_effect(set_.rules[at], effects_[at]);
            review_drivers(set_.rules[at], effects_[at]);
        }
        for (const Variant& variant : set_.variants)
            review_drivers(variant);
        std::stable_sort(
            warnings_.begin(), warnings_.end(),
            [](const Diagnostic& a, const Diagnostic& b) { return a.where < b.where; });
        return std::move(warnings_);
    }

  private:
    void find_effects() {
        effects_.resize(set_.rules.size());
        const RuleIndex index(set_.rules);
        std::vector<std::uint32_t> candidates;
        for (const sysfs::Device& device : inventory_.devices) {
            const Decision* decision = find_decision(decisions_, device.id);
            index.candidates(device, candidates);
            for (const std::uint32_t at : candidates) {
                const Rule& rule = set_.rules[at];
                const bool decides = decision != nullptr && is_part_of(*decision, rule);
                if (decides || matches(rule.match, device, inventory_))
                    effects_[at].matched.push_back(&device);
                effects_[at].decides = effects_[at].decides || decides;
            }
            vfs_to_come_ = vfs_to_come_ || makes_vfs(device, decision);
        }
    }

    static bool is_part_of(const Decision& decision, const Rule& rule) {
        const auto& conflicting = decision.conflicting_rules;
        return decision.rule == &rule ||
               std::find(conflicting.begin(), conflicting.end(), &rule) != conflicting.end();
    }

    static bool makes_vfs(const sysfs::Device& device, const Decision* decision) {
        return device.sriov && decision != nullptr && decision->rule != nullptr &&
               decision->rule->sriov_vfs > device.sriov->enabled;
    }

    void review_effect(const Rule& rule, const RuleEffect& effect) {
        if (effect.decides)
            return;
        if (const auto found = find_contradiction(rule.match))
            warn(found->where, "rule '" + rule.name + "' can never match: " + found->text);
        else if (const Rule* other = find_wider(rule))
            warn(rule.where, "rule '" + rule.name + "' never decides: " + rule_citation(*other) +
                                 " comes first for every device that it matches");
        else if (!effect.matched.empty())
            review_shadowed(rule, effect);
        else if (!is_for_vfs(rule.match) || !vfs_to_come_)
            warn(rule.where,
                 "rule '" + rule.name + "' matches no device here" + nearest_device(rule));
    }

    /// A rule that protects what another one protects already is no mistake.
    void review_shadowed(const Rule& rule, const RuleEffect& effect) {
        if (rule.protect)
            return;
        std::vector<const Rule*> winners;
        for (const sysfs::Device* device : effect.matched)
            if (const Decision* decision = find_decision(decisions_, device->id);
                decision != nullptr && decision->rule != nullptr &&
                std::find(winners.begin(), winners.end(), decision->rule) == winners.end())
                winners.push_back(decision->rule);
        std::string names;
        for (const Rule* winner : winners)
            names += (names.empty() ? "" : ", ") + rule_citation(*winner);
        if (!names.empty())
            warn(rule.where, "rule '" + rule.name + "' decides for no device here: for " +
                                 devices(effect) + " another comes first: " + names);
    }

    static std::string devices(const RuleEffect& effect) {
        const std::string first = effect.matched.front()->id.display();
        return effect.matched.size() == 1
                   ? first
                   : first + " and " + std::to_string(effect.matched.size() - 1) + " more";
    }

    /// The rule that has precedence over `rule` on every host.
    const Rule* find_wider(const Rule& rule) {
        if (rule.protect)
            return nullptr;
        for (const Rule& other : set_.rules)
            if (&other != &rule && !other.limit && ++compared_ <= kMostCompared &&
                (other.protect || other.priority > rule.priority) &&
                implies(rule.match, other.match))
                return &other;
        return nullptr;
    }

    /// A device for which one key alone does not hold is likely the one that was meant.
    std::string nearest_device(const Rule& rule) {
        if (++searched_ > kMostNearest)
            return {};
        for (const sysfs::Device& device : inventory_.devices) {
            std::vector<FieldResult> fields;
            (void)trace(rule.match, device, inventory_, fields);
            const auto is_off = [](const FieldResult& field) { return !field.ok; };
            const auto off = std::find_if(fields.begin(), fields.end(), is_off);
            if (fields.size() > 1 && off != fields.end() &&
                std::none_of(off + 1, fields.end(), is_off))
                return "; of " + device.id.display() + " only " + off->key + " differs: it wants " +
                       off->wanted + ", has " + off->actual.value_or("none");
        }
        return {};
    }

    void review_drivers(const Rule& rule, const RuleEffect& effect) {
        if (!rule.driver)
            return;
        for (const Candidate& candidate : rule.driver->chain)
            if (candidate.kind == Candidate::CandidateKind::kNamed)
                review_driver("rule '" + rule.name + "'", rule.where, candidate.driver,
                              effect.matched.empty() ? buses(rule.match) : buses(effect));
    }

    /// A variant matters once it serves a device that is given away.
    void review_drivers(const Variant& variant) {
        std::set<std::string> used;
        for (const auto& [id, decision] : decisions_)
            if (!decision.chain.links.empty())
                if (const sysfs::Device* device = inventory_.find(id);
                    device != nullptr && matches(variant.match, *device, inventory_))
                    used.insert(id.bus);
        for (const std::string& driver : variant.drivers)
            if (!used.empty())
                review_driver("variant '" + variant.name + "'", variant.where, driver, used);
    }

    static std::set<std::string> buses(const RuleEffect& effect) {
        std::set<std::string> out;
        for (const sysfs::Device* device : effect.matched)
            out.insert(device->id.bus);
        return out;
    }

    static std::set<std::string> buses(const Match& match) {
        for (const FieldTest& test : match.fields)
            if (test.field == Field::kBus)
                return {test.wanted.begin(), test.wanted.end()};
        return names_bus(match) ? std::set<std::string>{} : std::set<std::string>{"pci"};
    }

    void review_driver(const std::string& whose, const SourceLocation& where,
                       const std::string& driver, const std::set<std::string>& buses) {
        std::string why;
        for (const std::string& bus : buses) {
            const ResolvedCandidate candidate = CandidateResolver(bus, drivers_).by_driver(driver);
            if (candidate.link.status == CandidateStatus::kFallback)
                return;
            why = candidate.link.why;
        }
        if (why.empty())
            return;
        warn(where, whose + " names the driver " + driver + ", which cannot be used here: " + why,
             near_name(driver, buses));
    }

    std::string near_name(const std::string& driver, const std::set<std::string>& buses) const {
        std::vector<std::string> names;
        for (const sysfs::GenericDriver& generic : sysfs::generic_vfio_drivers())
            if (buses.contains(generic.bus))
                names.push_back(generic.driver);
        for (const std::string& bus : buses)
            if (const auto known = drivers_.registered.find(bus);
                known != drivers_.registered.end())
                for (const auto& [name, module] : known->second)
                    names.push_back(name);
        for (const sysfs::ModuleAlias& alias : drivers_.aliases)
            if (alias.module != "vfio_pci")
                names.push_back(alias.module);
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        return base::did_you_mean(base::similar_names(driver, names));
    }

    void warn(const SourceLocation& where, std::string text, std::string hint = {}) {
        warnings_.push_back(
            {where, DiagnosticSeverity::kWarning, std::move(text), {}, std::move(hint)});
    }

    const PolicySet& set_;
    const sysfs::Inventory& inventory_;
    const sysfs::Drivers& drivers_;
    const Decisions& decisions_;
    std::vector<RuleEffect> effects_;  ///< of each rule
    bool vfs_to_come_ = false;
    std::size_t searched_ = 0;
    std::size_t compared_ = 0;
    std::vector<Diagnostic> warnings_;
};

}  // namespace

std::vector<Diagnostic> policy_warnings(const PolicySet& set, const sysfs::Inventory& inventory,
                                        const sysfs::Drivers& drivers, const Decisions& decisions) {
    return PolicyReview(set, inventory, drivers, decisions).warnings();
}

}  // namespace policy

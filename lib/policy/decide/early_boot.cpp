// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/early_boot.hpp"

#include "policy/decide/match.hpp"
#include "policy/decide/rule_equivalence.hpp"

/// Which decisions hold whatever udev and the drivers add. A decision depends on a rule that may
/// match and would then outrank the winner, equal it with other actions, or protect the device. A
/// rule's limit connects its devices: when it is undecided whether one of them counts, all of them
/// are undecided.
namespace policy {
namespace {

class EarlyBootAnalysis {
  public:
    EarlyBootAnalysis(const PolicySet& set, const Decisions& decisions,
                      const sysfs::Inventory& inventory)
        : set_(set), decisions_(decisions), inventory_(inventory) {}

    std::map<sysfs::DeviceId, std::string> undecided() && {
        for (const sysfs::Device& device : inventory_.devices)
            for (const Rule& rule : set_.rules)
                if (match_early(rule.match, device, inventory_) == PossibleMatch::kMaybe &&
                    could_change_decision(rule, device))
                    mark_undecided(device, rule);
        while (spread_limits()) {
        }
        return std::move(undecided_);
    }

  private:
    /// Does the decision depend on whether `rule` matches?
    bool could_change_decision(const Rule& rule, const sysfs::Device& device) const {
        const Decision* decision = find_decision(decisions_, device.id);
        if (decision == nullptr || decision->rule == nullptr || decision->rule == &rule ||
            rule.protect)
            return true;
        if (decision->rule->protect)
            return false;
        return rule.priority >= decision->rule->priority && !same_action(rule, *decision->rule);
    }

    void mark_undecided(const sysfs::Device& device, const Rule& rule) {
        undecided_.emplace(device.id,
                           device.id.display() + ": " + rule_citation(rule) +
                               " tests what only udev or a driver can tell: decided later");
    }

    /// Returns whether another device became undecided.
    bool spread_limits() {
        const std::size_t before = undecided_.size();
        for (const Rule& rule : set_.rules)
            if (rule.limit && has_undecided_match(rule))
                for (const sysfs::Device& device : inventory_.devices)
                    if (match_early(rule.match, device, inventory_) != PossibleMatch::kNo &&
                        could_change_decision(rule, device))
                        mark_undecided(device, rule);
        return undecided_.size() != before;
    }

    bool has_undecided_match(const Rule& rule) const {
        for (const sysfs::Device& device : inventory_.devices) {
            const PossibleMatch seen = match_early(rule.match, device, inventory_);
            if (seen == PossibleMatch::kMaybe ||
                (seen == PossibleMatch::kYes && undecided_.contains(device.id)))
                return true;
        }
        return false;
    }

    const PolicySet& set_;
    const Decisions& decisions_;
    const sysfs::Inventory& inventory_;
    std::map<sysfs::DeviceId, std::string> undecided_;
};

}  // namespace

std::map<sysfs::DeviceId, std::string> undecided_early(const PolicySet& set,
                                                       const Decisions& decisions,
                                                       const sysfs::Inventory& inventory) {
    return EarlyBootAnalysis(set, decisions, inventory).undecided();
}

}  // namespace policy

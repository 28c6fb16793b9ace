// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/early.hpp"

#include "policy/asks.hpp"
#include "policy/match.hpp"

/// Which decisions hold whatever udev and the drivers bring. A decision hangs on a rule when that one may match and
/// would then outrank the winner, equal it with other wishes, or protect the device. A rule's limit ties its devices
/// together: when it is open whether one of them counts, it is open for all of them.
namespace policy {
namespace {

class Foreseer {
  public:
    Foreseer(const PolicySet& set, const Decisions& decisions, const sysfs::Inventory& inventory)
        : set_(set), decisions_(decisions), inventory_(inventory) {}

    std::map<sysfs::DeviceId, std::string> undecided() && {
        for (const sysfs::Device& device : inventory_.devices)
            for (const Rule& rule : set_.rules)
                if (foresee(rule.match, device, inventory_) == Foresight::kMaybe && matters(rule, device))
                    note(device, rule);
        while (spread_limits()) {
        }
        return std::move(undecided_);
    }

  private:
    const Decision* decision_of(const sysfs::Device& device) const {
        const auto found = decisions_.find(device.id);
        return found == decisions_.end() ? nullptr : &found->second;
    }

    /// Would the decision be another one if `rule` matched, or did not?
    bool matters(const Rule& rule, const sysfs::Device& device) const {
        const Decision* decision = decision_of(device);
        if (decision == nullptr || decision->rule == nullptr || decision->rule == &rule || rule.protect)
            return true;
        if (decision->rule->protect)
            return false;
        return rule.priority >= decision->rule->priority && !ask_the_same(rule, *decision->rule);
    }

    void note(const sysfs::Device& device, const Rule& rule) {
        undecided_.emplace(device.id, device.id.display() + ": rule " + rule.name + " (" + rule.where.text() +
                                          ") asks for what only udev or a driver can tell: left for later");
    }

    /// Has any device become undecided that was not?
    bool spread_limits() {
        const std::size_t before = undecided_.size();
        for (const Rule& rule : set_.rules)
            if (rule.limit && is_shaky(rule))
                for (const sysfs::Device& device : inventory_.devices)
                    if (foresee(rule.match, device, inventory_) != Foresight::kNo && matters(rule, device))
                        note(device, rule);
        return undecided_.size() != before;
    }

    bool is_shaky(const Rule& rule) const {
        for (const sysfs::Device& device : inventory_.devices) {
            const Foresight seen = foresee(rule.match, device, inventory_);
            if (seen == Foresight::kMaybe || (seen == Foresight::kYes && undecided_.contains(device.id)))
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

std::map<sysfs::DeviceId, std::string> undecided_early(const PolicySet& set, const Decisions& decisions,
                                                       const sysfs::Inventory& inventory) {
    return Foreseer(set, decisions, inventory).undecided();
}

}  // namespace policy

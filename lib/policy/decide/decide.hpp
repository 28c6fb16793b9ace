// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/decide/driver_chain.hpp"
#include "policy/decide/match.hpp"
#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"

namespace policy {

enum class DecisionOutcome {
    kUnmanaged,  ///< no rule, or its limit is reached
    kProtected,
    kConflict,  ///< two rules of one priority have different actions, or the chain is ambiguous
    kWanted,    ///< `rule` applies
};

/// What the policies decide for one device. `rule` and `conflicting_rules` point into the
/// PolicySet, which must outlive the decision.
struct Decision {
    sysfs::DeviceId device;
    DecisionOutcome outcome = DecisionOutcome::kUnmanaged;
    const Rule* rule = nullptr;     ///< the winner, the protecting rule, or null
    const Rule* refused = nullptr;  ///< the request that the protecting rule overrules
    std::vector<const Rule*>
        conflicting_rules;     ///< for a conflict of rules: all of them, the winner too
    Chain chain;               ///< when the winner's driver is a chain
    std::string why;           ///< one sentence, always
    bool taken_along = false;  ///< bound as a group peer; whether a rule still wants that is open
};

/// A request of the user: it wins over the rules, but not over `protect`.
struct RequestedRule {
    sysfs::DeviceId device;
    const Rule* rule = nullptr;  ///< made from the options of the command
};

/// A rule that has bound a device or returned it to the host. What that changed about the device
/// (its driver, its netdevs) does not end that: the rule matches as long as the rest does.
/// `taken_along`: not for the device's own sake, so it neither matches nor counts.
struct BoundRule {
    std::string rule;
    bool taken_along = false;
    std::string where = {};   ///< of the rule then; empty: a request of the user
    std::string driver = {};  ///< that was bound; empty: the driver was not changed
    bool returned = false;    ///< returned to the host
    std::optional<std::string> before_override = {};  ///< that stood before; a release restores it
};
using BoundRules = std::map<sysfs::DeviceId, BoundRule>;

/// Every device's decision; devices without one are unmanaged. Linear in devices; rules that name
/// ids, addresses or classes are found by index, so less than linear in those.
///
/// A rule's `limit` counts the devices it wins: first those that it has bound, whatever else wants
/// them now, so that it does not take another device instead of one of these, then in the
/// inventory's order (lowest address first), whatever their state: the same devices after every
/// reboot. The rule does not match further devices, so the next best rule may win them. Other
/// devices that are protected, requested by the user or in conflict do not count. Of several rules
/// of one priority with the same action, the first in file order wins (and counts).
using Decisions = std::map<sysfs::DeviceId, Decision>;
[[nodiscard]] Decisions decide(const PolicySet& set, const sysfs::Inventory& inventory,
                               const sysfs::Drivers& drivers,
                               const std::vector<RequestedRule>& requests = {},
                               const BoundRules& bound = {});

/// nullptr: the device is unmanaged.
[[nodiscard]] const Decision* find_decision(const Decisions& decisions, const sysfs::DeviceId& id);

/// The result of one rule for one device, field by field.
struct RuleTrace {
    const Rule* rule = nullptr;
    bool matched = false;
    std::vector<FieldResult> fields;
};
[[nodiscard]] std::vector<RuleTrace> trace_rules(const PolicySet& set, const sysfs::Device& device,
                                                 const sysfs::Inventory& inventory);

}  // namespace policy

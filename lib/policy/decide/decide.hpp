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
    kUnmanaged,  ///< no rule, or a limit was used up
    kProtected,
    kConflict,  ///< two rules of one priority want different things, or the chain is ambiguous
    kWanted,    ///< `rule` wants something of it
};

/// What the policies say of one device. `rule` and `conflicting_rules` point into the PolicySet,
/// which must outlive the decision.
struct Decision {
    sysfs::DeviceId device;
    DecisionOutcome outcome = DecisionOutcome::kUnmanaged;
    const Rule* rule = nullptr;     ///< the winner, the protecting rule, or null
    const Rule* refused = nullptr;  ///< a request by hand that the protecting rule overrules
    std::vector<const Rule*>
        conflicting_rules;  ///< for a conflict of rules: all of them, the winner too
    Chain chain;            ///< when the winner's driver is a chain
    std::string why;        ///< one sentence, always
};

/// What was asked for by hand, beside the policies: wins over rules, not over `protect`.
struct RequestedRule {
    sysfs::DeviceId device;
    const Rule* rule = nullptr;  ///< made by the caller from the command's options
};

/// Every device's decision; devices without one are unmanaged. Linear in devices; rules that name
/// ids, addresses or classes are found by index, so less than linear in those.
///
/// A rule's `limit` counts the devices it wins, in the inventory's order (lowest address first),
/// whatever state they are in and whether or not they can be had: the same devices after every
/// reboot. Devices past it are as if the rule did not match, so the next best rule may win them.
/// Devices that are protected, asked for by hand or in conflict use up nothing. Of several rules of
/// one priority that ask the same, the first in file order wins (and counts).
using Decisions = std::map<sysfs::DeviceId, Decision>;
[[nodiscard]] Decisions decide(const PolicySet& set, const sysfs::Inventory& inventory,
                               const sysfs::Drivers& drivers,
                               const std::vector<RequestedRule>& requests = {});

/// How one rule fared with one device, field by field.
struct RuleTrace {
    const Rule* rule = nullptr;
    bool matched = false;
    std::vector<FieldResult> fields;
};
[[nodiscard]] std::vector<RuleTrace> trace_rules(const PolicySet& set, const sysfs::Device& device,
                                                 const sysfs::Inventory& inventory);

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/assessment.hpp"

#include <string_view>
#include <utility>

namespace policy {

namespace {

/// What bindd takes back to the host gets the override that somebody had set before.
void keep_foreign_override(const Change& change, const BoundRule& bound, Transaction& transaction) {
    if (change.to != Change::To::kHost || !bound.before_override ||
        change.from_override != bound.driver)
        return;
    for (Step& step : transaction.steps)
        if (step.op == Op::kClearOverride && step.device == change.target.id) {
            step.op = Op::kSetOverride;
            step.value = bound.before_override;
        }
    transaction.notes.push_back(change.target.id.display() + " gets back the override " +
                                *bound.before_override + ", which bindd has not set");
}

}  // namespace

void Assessment::decide(const std::vector<RequestedRule>& requests) {
    decisions = policy::decide(policies, inventory, drivers, requests, bound_rules);
}

std::vector<sysfs::DeviceId> Assessment::devices_changing_driver() const {
    return policy::devices_changing_driver(decisions, inventory);
}

void Assessment::make_plan(const ForcedReasons& forced) {
    plan = policy::make_plan(policies, decisions, inventory, drivers, usage, forced);
    for (Transaction& transaction : plan.transactions)
        for (const Change& change : transaction.changes)
            if (const BoundRule* bound = bound_rule(change.target.id))
                keep_foreign_override(change, *bound, transaction);
    transaction_index.clear();
    for (std::size_t at = 0; at < plan.transactions.size(); ++at)
        for (const sysfs::DeviceId& id : plan.transactions[at].devices)
            transaction_index[id] = at;
}

Plan Assessment::take_plan() {
    transaction_index.clear();
    return std::exchange(plan, {});
}

const Decision* Assessment::decision(const sysfs::DeviceId& id) const {
    return find_decision(decisions, id);
}

const BoundRule* Assessment::bound_rule(const sysfs::DeviceId& id) const {
    const auto found = bound_rules.find(id);
    return found == bound_rules.end() ? nullptr : &found->second;
}

const Transaction* Assessment::transaction(const sysfs::DeviceId& id) const {
    const auto found = transaction_index.find(id);
    return found == transaction_index.end() ? nullptr : &plan.transactions[found->second];
}

std::string Assessment::group_key(const sysfs::DeviceId& id) const {
    const sysfs::Device* device = inventory.find(id);
    if (device != nullptr && device->iommu_group)
        return "group " + std::to_string(*device->iommu_group);
    return id.text();
}

std::string Assessment::group_key(const Transaction& transaction) const {
    if (transaction.group || transaction.devices.empty())
        return transaction.key();
    return group_key(transaction.devices.front());
}

std::vector<sysfs::DeviceId> Assessment::members(const std::string& group_key) const {
    constexpr std::string_view kGroup = "group ";
    if (group_key.starts_with(kGroup)) {
        const auto number = base::parse_decimal(group_key.substr(kGroup.size()));
        const auto group = inventory.groups.find(number ? static_cast<int>(*number) : -1);
        return group == inventory.groups.end() ? std::vector<sysfs::DeviceId>{}
                                               : group->second.devices;
    }
    const std::size_t slash = group_key.find('/');
    const sysfs::DeviceId id{group_key.substr(0, slash),
                             slash == std::string::npos ? "" : group_key.substr(slash + 1)};
    return inventory.find(id) == nullptr ? std::vector<sysfs::DeviceId>{} : std::vector{id};
}

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/mdev_requests.hpp"

#include <algorithm>
#include <utility>

#include "policy/plan/driver_children.hpp"
#include "policy/plan/plan_steps.hpp"
#include "policy/plan/refusal_reasons.hpp"

namespace policy {

Transaction mdev_transaction(const sysfs::Device& parent, Change change,
                             const sysfs::Inventory& inventory) {
    change.target = {parent.id, parent.identity()};
    change.from_driver = parent.driver;
    change.from_override = parent.driver_override;
    change.rule = kMdevRequest;
    Transaction transaction;
    transaction.verdict = Verdict::kChange;
    transaction.devices = {parent.id};
    transaction.changes.push_back(std::move(change));
    transaction.steps = make_steps(transaction.changes, inventory);
    return transaction;
}

Plan plan_mdev_removal(const std::string& uuid, const PlanContext& context) {
    const sysfs::DeviceId id{"mdev", uuid};
    const sysfs::Device* mdev = context.inventory.find(id);
    const sysfs::Device* parent =
        mdev == nullptr ? nullptr : driver_parent(*mdev, context.inventory);
    if (parent == nullptr)
        return {};
    Change change;
    change.accepted_uses = accepted_uses({}, context.forced);
    change.mdevs_to_stop.emplace_back().uuid = uuid;
    change.mdevs_to_stop.back().type = mdev->mdev->type;
    Transaction transaction = mdev_transaction(*parent, std::move(change), context.inventory);
    for (const sysfs::DeviceId& each : {parent->id, id})
        if (const Decision* decision = find_decision(context.decisions, each);
            decision != nullptr && decision->outcome == DecisionOutcome::kProtected)
            transaction.reasons.push_back(make_reason(ReasonCode::kProtected, each, decision->why));
    add_use_reasons(id, {}, context, transaction.reasons);
    if (!transaction.reasons.empty()) {
        transaction.verdict = Verdict::kRefused;
        transaction.changes.clear();
        transaction.steps.clear();
    }
    return {{std::move(transaction)}};
}

}  // namespace policy

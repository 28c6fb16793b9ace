// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/rebind_plan.hpp"

#include <iterator>
#include <utility>

#include "binding/transaction/journaled_kernel.hpp"
#include "policy/decide/match.hpp"
#include "policy/model/device_attributes.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

using policy::Op;
using policy::Step;

class UndoSteps {
  public:
    explicit UndoSteps(const sysfs::Device& device) : device_(device) {}

    void add(Op op, const std::string& value) { add(op, device_.id, value); }
    void add(Op op, const sysfs::DeviceId& device, const std::string& value) {
        steps_.push_back({.op = op,
                          .device = device,
                          .value = value.empty() ? std::nullopt : std::optional(value),
                          .module = {},
                          .result = {},
                          .error = {}});
    }
    void add_reverse(const IntentRecord& intent) {
        switch (intent.op) {
            case Op::kCreateMdev:
            case Op::kRemoveMdev:
                return add(intent.op == Op::kCreateMdev ? Op::kRemoveMdev : Op::kCreateMdev,
                           {"mdev", intent.value}, decode_mdev(intent.value, intent.before).type);
            case Op::kSetVfs:
            case Op::kSetAttr:
                return add(intent.op, intent.before);
            case Op::kSetAccess:
                return add(intent.op, intent.value);
            case Op::kLoadModule:
            case Op::kSetOverride:
            case Op::kClearOverride:
            case Op::kUnbind:
            case Op::kBind:
            case Op::kCheckOpen:
                return;
        }
    }
    void add_binding(const PreviousBinding& wanted, bool unbound) {
        if (device_.driver_override != wanted.driver_override)
            add(wanted.driver_override ? Op::kSetOverride : Op::kClearOverride,
                wanted.driver_override.value_or(""));
        if (device_.driver && device_.driver != wanted.driver && !unbound)
            add(Op::kUnbind, *device_.driver);
        if (wanted.driver && device_.driver != wanted.driver)
            add(Op::kBind, *wanted.driver);
    }
    [[nodiscard]] std::vector<Step> take() { return std::move(steps_); }

  private:
    const sysfs::Device& device_;
    std::vector<Step> steps_;
};

/// As a plan shows it.
policy::ChainLink goal(const std::optional<std::string>& driver) {
    return {.driver = driver.value_or("none"), .module = {}, .from = {}, .why = {}};
}

bool needs_unbound(const IntentRecord& intent) {
    return intent.op == Op::kSetAttr &&
           policy::needs_unbound_device(policy::split_assignment(intent.before).first);
}

std::vector<Step> undo_steps(const InFlightTransaction& changes, const sysfs::Device& now) {
    UndoSteps steps(now);
    bool unbound = false;
    for (auto intent = changes.intents.rbegin(); intent != changes.intents.rend(); ++intent) {
        if (intent->before.empty())
            continue;
        if (now.driver && !unbound && needs_unbound(*intent)) {
            steps.add(Op::kUnbind, *now.driver);
            unbound = true;
        }
        steps.add_reverse(*intent);
    }
    steps.add_binding(changes.begin.devices.front().before, unbound);
    return steps.take();
}

}  // namespace

void add_rebind(const sysfs::DeviceId& id, const JournalState& journal_state,
                const sysfs::Inventory& inventory, const std::string& rollback,
                const std::vector<sysfs::UseKind>& accepted, policy::Transaction& transaction) {
    const auto changes = journal_state.changes_since(rollback, id);
    const sysfs::Device* now = inventory.find(id);
    if (!changes)
        return;
    const BindingSnapshot& snapshot = changes->begin.devices.front();
    if (now == nullptr || !same_device(now->identity(), snapshot.identity)) {
        transaction.notes.push_back(id.display() + " is not there any more, or is another device");
        return;
    }
    policy::Change change;
    change.target = {id, snapshot.identity};
    change.to = policy::Change::To::kHost;
    change.candidates.push_back(goal(snapshot.before.driver));
    change.from_driver = now->driver;
    change.from_override = now->driver_override;
    change.accepted_uses = accepted;
    change.taken_along = snapshot.taken_along;
    change.rule = snapshot.rule;
    change.where = snapshot.where;
    change.rollback = rollback;
    std::vector<Step> steps = undo_steps(*changes, *now);
    transaction.steps.insert(transaction.steps.end(), std::make_move_iterator(steps.begin()),
                             std::make_move_iterator(steps.end()));
    transaction.group = snapshot.identity.iommu_group;
    transaction.devices.push_back(id);
    transaction.changes.push_back(std::move(change));
}

void name_goal(const ManagedDevice& undone, policy::Change& change) {
    const auto& driver = undone.before_driver;
    const bool leaves_host = !undone.driver.empty() && !sysfs::is_vfio_driver(undone.driver);
    if (!change.rollback.empty() && leaves_host && driver != undone.driver &&
        (!driver || sysfs::is_vfio_driver(*driver)))
        change.candidates.push_back(goal(driver));
}

bool is_rebind(const policy::Change& change) {
    return change.to == policy::Change::To::kHost && !change.candidates.empty();
}

void refuse_protected(policy::Plan& plan, const policy::PolicySet& set,
                      const sysfs::Inventory& inventory) {
    for (policy::Transaction& transaction : plan.transactions)
        for (const policy::Change& change : transaction.changes) {
            const sysfs::Device* device = inventory.find(change.target.id);
            if (device == nullptr || !is_rebind(change))
                continue;
            for (const policy::Rule& rule : set.rules)
                if (rule.protect && policy::matches(rule.match, *device, inventory)) {
                    transaction.verdict = policy::Verdict::kRefused;
                    transaction.reasons.push_back(
                        policy::make_reason(policy::ReasonCode::kProtected, device->id,
                                            "protected by " + policy::rule_citation(rule)));
                }
        }
}

}  // namespace binding

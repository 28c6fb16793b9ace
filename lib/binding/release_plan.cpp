// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <set>

#include "binding/apply.hpp"
#include "binding/journal.hpp"
#include "binding/release_plan.hpp"
#include "sysfs/names.hpp"

/// What a release would do, as a plan: the same steps that the executor takes for Change::To::kHost.
namespace binding {
namespace {

using policy::Change;
using policy::Op;
using policy::Plan;
using policy::Reason;
using policy::ReasonCode;
using policy::Step;
using policy::Transaction;
using policy::Verdict;
using sysfs::Code;
using sysfs::Device;
using sysfs::DeviceId;
using sysfs::fail;
using sysfs::Inventory;
using sysfs::Result;

Step step(Op op, const DeviceId& device, const std::string& value) {
    return {.op = op,
            .device = device,
            .value = value.empty() ? std::nullopt : std::optional(value),
            .module = {}, .result = {}, .error = {}};
}

void add_steps(const Bound& bound, const Device& now, std::vector<Step>& steps) {
    for (auto made = bound.made.rbegin(); made != bound.made.rend(); ++made)
        steps.push_back(made->op == Op::kCreateMdev
                            ? step(Op::kRemoveMdev, {"mdev", made->value}, made->before)
                                                    : step(Op::kSetVfs, now.id, made->before));
    const bool driver_ours = !now.driver || *now.driver == bound.driver;
    const bool override_ours = now.driver_override == bound.driver;
    if (bound.driver.empty())
        return;
    if (override_ours && now.driver_override != bound.before_override)
        steps.push_back(bound.before_override
                            ? step(Op::kSetOverride, now.id, *bound.before_override)
                            : step(Op::kClearOverride, now.id, ""));
    if (!driver_ours || now.driver == bound.before_driver)
        return;
    if (now.driver)
        steps.push_back(step(Op::kUnbind, now.id, *now.driver));
    if (bound.before_driver)
        steps.push_back(step(Op::kBind, now.id, *bound.before_driver));
}

void add_change(const Bound& bound, const Inventory& inventory, Transaction& transaction) {
    const Device* now = inventory.find(bound.device);
    const bool there = now != nullptr && same_device(now->identity(), bound.identity);
    Change change;
    change.target = {bound.device, bound.identity};
    change.to = Change::To::kHost;
    change.taken_along = bound.taken_along;
    change.rule = bound.rule;
    change.where = bound.where;
    if (there) {
        change.from_driver = now->driver;
        change.from_override = now->driver_override;
        add_steps(bound, *now, transaction.steps);
    }
    transaction.devices.push_back(bound.device);
    transaction.changes.push_back(std::move(change));
}

/// Unbinding a device that is open would block until its holder closes it.
void refuse_open(const sysfs::Usage& usage, Transaction& transaction) {
    for (const DeviceId& device : transaction.devices) {
        const auto uses = usage.find(device);
        if (uses == usage.end())
            continue;
        for (const sysfs::Use& use : uses->second)
            if (use.kind == sysfs::UseKind::kVfioOpen)
                transaction.reasons.push_back(Reason{ReasonCode::kVfioOpen, device, use.text,
                                                     use.evidence, false});
    }
    if (!transaction.reasons.empty())
        transaction.verdict = Verdict::kRefused;
}

/// With one device of a group that was taken whole all of them: the peers came along for it alone.
void choose(const Ledger& ledger, const Bound& bound, Chosen& chosen) {
    const bool whole =
        std::any_of(ledger.bound.begin(), ledger.bound.end(), [&](const auto& entry) {
            return entry.second.txn == bound.txn && entry.second.taken_along;
        });
    for (const auto& [id, other] : ledger.bound)
        if (id == bound.device || (whole && other.txn == bound.txn))
            chosen[bound.txn].insert(id);
}

bool is_in_flight(const Ledger& ledger, const DeviceId& device) {
    return std::any_of(ledger.in_flight.begin(), ledger.in_flight.end(),
                       [&](const InFlight& flight) { return flight.find(device) != nullptr; });
}

}  // namespace

std::vector<DeviceId> devices_of(const Chosen& chosen, const Inventory& inventory) {
    std::vector<DeviceId> there;
    for (const auto& [txn, devices] : chosen)
        for (const DeviceId& device : devices)
            if (inventory.find(device) != nullptr)
                there.push_back(device);
    return there;
}

Plan release_plan(const Ledger& ledger, const Inventory& inventory, const sysfs::Usage& usage,
                  const Chosen& chosen) {
    Plan plan;
    for (const auto& [txn, devices] : chosen) {
        Transaction transaction;
        transaction.verdict = Verdict::kChange;
        // The last that was bound goes first.
        for (auto device = devices.rbegin(); device != devices.rend(); ++device) {
            const Bound& bound = ledger.bound.at(*device);
            transaction.group = bound.identity.iommu_group;
            add_change(bound, inventory, transaction);
        }
        refuse_open(usage, transaction);
        plan.transactions.push_back(std::move(transaction));
    }
    return plan;
}

Result<Chosen> choose_release(const Ledger& ledger, const std::vector<DeviceId>& devices) {
    Chosen chosen;
    for (const DeviceId& device : devices) {
        const auto bound = ledger.bound.find(device);
        if (bound != ledger.bound.end())
            choose(ledger, bound->second, chosen);
        else if (!is_in_flight(ledger, device))
            return fail(Code::kNotFound, "release", device.display(), "is not bound by us",
                        "`vfioctl list` shows what is; a driver that others bound is theirs");
        // What is only in flight is undone by the recovery that every run begins with.
    }
    return chosen;
}

Result<Chosen> choose_rollback(const Ledger& ledger, const std::string& txn) {
    std::string wanted = txn;
    if (wanted.empty())
        for (const auto& [id, bound] : ledger.bound)
            if (wanted.empty() || sysfs::natural_less(wanted, bound.txn))
                wanted = bound.txn;
    Chosen chosen;
    for (const auto& [id, bound] : ledger.bound)
        if (bound.txn == wanted)
            chosen[wanted].insert(id);
    if (chosen.empty() && (txn.empty() || ledger.find_in_flight(txn) == nullptr))
        return fail(Code::kNotFound, "roll back", txn.empty() ? "the newest transaction" : txn,
                    "nothing that it bound is bound by us now",
                    "`vfioctl history` shows what was done");
    return chosen;
}

Result<Plan> plan_release(sysfs::Kernel& kernel, const StateDir& state, const Inventory& inventory,
                          const std::vector<DeviceId>& devices) {
    const auto ledger = read_ledger(state);
    if (!ledger)
        return sysfs::propagate(ledger);
    const auto chosen = choose_release(*ledger, devices);
    if (!chosen)
        return sysfs::propagate(chosen);
    return release_plan(*ledger, inventory, kernel.usage(inventory, devices_of(*chosen, inventory)),
                        *chosen);
}

Result<Plan> plan_rollback(sysfs::Kernel& kernel, const StateDir& state, const Inventory& inventory,
                           const std::string& txn) {
    const auto ledger = read_ledger(state);
    if (!ledger)
        return sysfs::propagate(ledger);
    const auto chosen = choose_rollback(*ledger, txn);
    if (!chosen)
        return sysfs::propagate(chosen);
    return release_plan(*ledger, inventory, kernel.usage(inventory, devices_of(*chosen, inventory)),
                        *chosen);
}

}  // namespace binding

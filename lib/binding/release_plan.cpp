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
        if (made->op == Op::kCreateMdev)
            steps.push_back(step(Op::kRemoveMdev, {"mdev", made->value}, made->before));
        else
            steps.push_back(step(made->op, now.id,
                                 made->op == Op::kSetAccess ? made->value : made->before));
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

/// What a release of this device would make vanish: VFs and mdevs that we made.
std::vector<DeviceId> doomed_by(const Bound& bound, const Inventory& inventory) {
    std::vector<DeviceId> doomed;
    const Device* device = inventory.find(bound.device);
    for (const Made& made : bound.made) {
        if (made.op == Op::kCreateMdev)
            doomed.push_back({"mdev", made.value});
        else if (made.op == Op::kSetVfs && device != nullptr && device->sriov)
            for (const auto& [index, name] : device->sriov->vfs)
                doomed.push_back({"pci", name});
    }
    return doomed;
}

/// A VF vanishes from under whoever uses it; an mdev's removal waits until its holder closes it. That there
/// are data on a VF is no use of it.
void refuse_used(const sysfs::Usage& usage, const std::vector<DeviceId>& doomed,
                 Transaction& transaction) {
    for (const DeviceId& device : doomed) {
        const auto uses = usage.find(device);
        if (uses == usage.end())
            continue;
        for (const sysfs::Use& use : uses->second) {
            const std::string text = device.bus == "mdev" ? use.text
                                                          : "a VF that would go is in use: " + use.text;
            if (use.kind != sysfs::UseKind::kSignature)
                transaction.reasons.push_back(
                    Reason{device.bus == "mdev" ? ReasonCode::kVfioOpen : ReasonCode::kVfsInUse,
                           device, text, use.evidence, false});
        }
    }
}

/// Unbinding a device that is open would block until its holder closes it.
void refuse_open(const sysfs::Usage& usage, Transaction& transaction) {
    for (const DeviceId& device : transaction.devices) {
        const auto uses = usage.find(device);
        if (uses == usage.end())
            continue;
        const bool told = std::any_of(
            transaction.reasons.begin(), transaction.reasons.end(),
            [&](const Reason& reason) { return reason.device == device; });
        for (const sysfs::Use& use : uses->second)
            if (use.kind == sysfs::UseKind::kVfioOpen && !told)
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

/// VFs of ours go before the PF that makes them vanish, in one transaction with it: two would race.
Chosen with_vfs(const Ledger& ledger, const Inventory& inventory, Chosen chosen) {
    Chosen with_pf;
    for (const auto& [txn, devices] : chosen)
        for (const DeviceId& device : devices)
            for (const DeviceId& doomed : doomed_by(ledger.bound.at(device), inventory))
                if (ledger.bound.contains(doomed))
                    with_pf[txn].insert(doomed);
    for (const auto& [txn, vfs] : with_pf) {
        for (auto& [other, devices] : chosen)
            std::erase_if(devices, [&](const DeviceId& device) { return vfs.contains(device); });
        chosen[txn].insert(vfs.begin(), vfs.end());
    }
    std::erase_if(chosen, [](const auto& entry) { return entry.second.empty(); });
    return chosen;
}

bool is_in_flight(const Ledger& ledger, const DeviceId& device) {
    return std::any_of(ledger.in_flight.begin(), ledger.in_flight.end(),
                       [&](const InFlight& flight) { return flight.find(device) != nullptr; });
}

}  // namespace

std::vector<DeviceId> devices_of(const Ledger& ledger, const Chosen& chosen,
                                 const Inventory& inventory) {
    std::set<DeviceId> there;
    for (const auto& [txn, devices] : chosen)
        for (const DeviceId& device : devices)
            if (inventory.find(device) != nullptr) {
                there.insert(device);
                const auto doomed = doomed_by(ledger.bound.at(device), inventory);
                there.insert(doomed.begin(), doomed.end());
            }
    return {there.begin(), there.end()};
}

Plan release_plan(const Ledger& ledger, const Inventory& inventory, const sysfs::Usage& usage,
                  const Chosen& chosen) {
    Plan plan;
    for (const auto& [txn, devices] : with_vfs(ledger, inventory, chosen)) {
        Transaction transaction;
        transaction.verdict = Verdict::kChange;
        // The last that was bound goes first.
        for (auto device = devices.rbegin(); device != devices.rend(); ++device) {
            const Bound& bound = ledger.bound.at(*device);
            transaction.group = bound.identity.iommu_group;
            refuse_used(usage, doomed_by(bound, inventory), transaction);
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
                    txn.empty() ? "nothing that it bound is bound by us now"
                                : "no transaction of this name has bound what is bound by us now",
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
    return release_plan(*ledger, inventory, kernel.usage(inventory, devices_of(*ledger, *chosen, inventory)),
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
    return release_plan(*ledger, inventory, kernel.usage(inventory, devices_of(*ledger, *chosen, inventory)),
                        *chosen);
}

}  // namespace binding

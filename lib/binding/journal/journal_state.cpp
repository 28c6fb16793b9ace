// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/journal_state.hpp"

#include <algorithm>

#include "sysfs/device/vgpu.hpp"

namespace binding {
namespace {

bool is_vgpu_type(const IntentRecord& intent) {
    return intent.op == policy::Op::kSetAttr &&
           intent.value.starts_with(std::string(sysfs::kVgpuTypeAttr) + "=") &&
           !intent.before.empty();
}

/// The side effects of the transaction on `device`, and those that were there before it.
std::vector<SideEffect> side_effects_on(const InFlightTransaction& flight,
                                        const sysfs::DeviceId& device, const std::string& driver,
                                        std::vector<SideEffect> made) {
    for (const IntentRecord& intent : flight.intents) {
        const auto result = flight.results.find(intent.step);
        if (intent.device != device || result == flight.results.end() || result->second != 0)
            continue;
        // The nodes, and their access, go with the driver.
        const bool first = std::none_of(made.begin(), made.end(), [&](const SideEffect& one) {
            return one.op == policy::Op::kSetAccess && one.value == intent.value;
        });
        if (intent.op == policy::Op::kSetAccess && driver.empty() && first)
            made.push_back({intent.op, intent.value, intent.before});
        if (intent.op == policy::Op::kCreateMdev || is_vgpu_type(intent))
            made.push_back({intent.op, intent.value, intent.before});
        if (intent.op == policy::Op::kRemoveMdev)
            std::erase_if(made, [&](const SideEffect& one) { return one.value == intent.value; });
        if (intent.op != policy::Op::kSetVfs)
            continue;
        // A release restores the number of VFs before our first transaction.
        const auto known = std::find_if(made.begin(), made.end(), [](const SideEffect& one) {
            return one.op == policy::Op::kSetVfs;
        });
        if (known == made.end())
            made.push_back({intent.op, intent.value, intent.before});
        else
            known->value = intent.value;
    }
    return made;
}

ManagedDevice to_managed_device(const InFlightTransaction& flight, const BindingSnapshot& snapshot,
                                const std::string& driver,
                                std::vector<SideEffect> side_effects_before) {
    const BindingSnapshot::PreviousBinding& before =
        snapshot.origin ? *snapshot.origin : snapshot.before;
    return {.device = snapshot.device,
            .identity = snapshot.identity,
            .txn = flight.begin.txn,
            .rule = snapshot.rule,
            .where = snapshot.where,
            .driver = driver,
            .before_driver = before.driver,
            .before_override = before.driver_override,
            .taken_along = snapshot.taken_along,
            .side_effects =
                side_effects_on(flight, snapshot.device, driver, std::move(side_effects_before)),
            .early = snapshot.early};
}

/// One overload for each kind of record.
struct RecordApplier {
    JournalState& journal_state;

    InFlightTransaction* find(const std::string& txn) const {
        const auto at =
            std::find_if(journal_state.in_flight.begin(), journal_state.in_flight.end(),
                         [&](const InFlightTransaction& f) { return f.begin.txn == txn; });
        return at == journal_state.in_flight.end() ? nullptr : &*at;
    }
    void close(const std::string& txn) const {
        std::erase_if(journal_state.in_flight,
                      [&](const InFlightTransaction& f) { return f.begin.txn == txn; });
    }

    void operator()(const BootRecord& r) const { journal_state.boot_id = r.id; }
    void operator()(const BeginRecord& r) const {
        if (find(r.txn) == nullptr)
            journal_state.in_flight.push_back({r, {}, {}});
    }
    void operator()(const IntentRecord& r) const {
        if (InFlightTransaction* flight = find(r.txn))
            flight->intents.push_back(r);
    }
    void operator()(const DoneRecord& r) const {
        if (InFlightTransaction* flight = find(r.txn))
            flight->results[r.step] = r.errnum;
    }
    void operator()(const CommitRecord& r) const {
        const InFlightTransaction* flight = find(r.txn);
        if (flight == nullptr)
            return;
        for (const BindingSnapshot& snapshot : flight->begin.devices)
            journal_state.returned.erase(snapshot.device);
        for (const auto& [device, driver] : r.bound) {
            if (const BindingSnapshot* snapshot = flight->find(device)) {
                const auto old = journal_state.bound.find(device);
                const bool was_ours = snapshot->origin && old != journal_state.bound.end();
                ManagedDevice next = to_managed_device(
                    *flight, *snapshot, driver,
                    was_ours ? old->second.side_effects : std::vector<SideEffect>{});
                if (was_ours && driver.empty())
                    next.driver = old->second.driver;
                // The last mdev of a parent was stopped on request: nothing is left to undo.
                if (next.driver.empty() && next.side_effects.empty())
                    journal_state.bound.erase(device);
                else
                    journal_state.bound[device] = std::move(next);
            }
        }
        for (const sysfs::DeviceId& device : r.released) {
            journal_state.bound.erase(device);
            const BindingSnapshot* snapshot = flight->find(device);
            if (flight->begin.action == "apply" && snapshot != nullptr)
                journal_state.returned[device] = {device, snapshot->identity, snapshot->rule};
        }
        journal_state.committed.insert(r.txn);
        close(r.txn);
    }
    void operator()(const RolledBackRecord& r) const { close(r.txn); }
    void operator()(const ReleasedRecord& r) const {
        journal_state.bound.erase(r.device);
        journal_state.returned.erase(r.device);
    }
    void operator()(const ReturnedDevice& r) const { journal_state.returned[r.device] = r; }
    void operator()(const ManagedDevice& r) const { journal_state.bound[r.device] = r; }
};

}  // namespace

bool same_device(const sysfs::Identity& a, const sysfs::Identity& b) {
    const bool same_group = a.iommu_group == b.iommu_group || !a.iommu_group || !b.iommu_group;
    return a.ids == b.ids && a.modalias == b.modalias && same_group;
}

const BindingSnapshot* InFlightTransaction::find(const sysfs::DeviceId& device) const {
    for (const BindingSnapshot& snapshot : begin.devices)
        if (snapshot.device == device)
            return &snapshot;
    return nullptr;
}

void JournalState::apply(const Record& record) {
    std::visit(RecordApplier{*this}, record);
}

const InFlightTransaction* JournalState::find_in_flight(const std::string& txn) const {
    for (const InFlightTransaction& flight : in_flight)
        if (flight.begin.txn == txn)
            return &flight;
    return nullptr;
}

const ManagedDevice* JournalState::find_managed(const sysfs::DeviceId& device,
                                                const sysfs::Identity& identity) const {
    const auto at = bound.find(device);
    return at != bound.end() && same_device(at->second.identity, identity) ? &at->second : nullptr;
}

policy::BoundRules JournalState::rules(const sysfs::Inventory& inventory) const {
    policy::BoundRules rules;
    const auto add = [&](const auto& one) {
        const sysfs::Device* device = inventory.find(one.device);
        if (device != nullptr && same_device(device->identity(), one.identity))
            rules[one.device] = one.rule;
    };
    for (const auto& [id, one] : returned)
        add(one);
    for (const auto& [id, one] : bound)
        if (!one.taken_along)
            add(one);
    return rules;
}

std::vector<Record> JournalState::records() const {
    std::vector<Record> all{BootRecord{boot_id}};
    for (const auto& [device, one] : bound)
        all.emplace_back(one);
    for (const auto& [device, one] : returned)
        all.emplace_back(one);
    for (const InFlightTransaction& flight : in_flight) {
        all.emplace_back(flight.begin);
        for (const IntentRecord& intent : flight.intents) {
            all.emplace_back(intent);
            const auto result = flight.results.find(intent.step);
            if (result != flight.results.end())
                all.emplace_back(DoneRecord{flight.begin.txn, intent.step, result->second});
        }
    }
    return all;
}

}  // namespace binding

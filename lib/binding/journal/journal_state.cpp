// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/journal_state.hpp"

#include <algorithm>

#include "binding/journal/record_applier.hpp"

namespace binding {
namespace {

std::string bound_last(const InFlightTransaction& flight) {
    const auto last =
        std::find_if(flight.intents.rbegin(), flight.intents.rend(),
                     [](const IntentRecord& intent) { return intent.op == policy::Op::kBind; });
    return last == flight.intents.rend() ? std::string() : last->value;
}

}  // namespace

bool same_device(const sysfs::Identity& a, const sysfs::Identity& b) {
    const bool same_group = a.iommu_group == b.iommu_group || !a.iommu_group || !b.iommu_group;
    const bool same_incarnation =
        a.incarnation == b.incarnation || !a.incarnation || !b.incarnation;
    return a.ids == b.ids && a.modalias == b.modalias && same_group && same_incarnation;
}

const BindingSnapshot* InFlightTransaction::find(const sysfs::DeviceId& device) const {
    for (const BindingSnapshot& snapshot : begin.devices)
        if (snapshot.device == device)
            return &snapshot;
    return nullptr;
}

void JournalState::apply(const Record& record) {
    apply_record(*this, record);
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
    const auto add = [&](const auto& one, const policy::BoundRule& rule) {
        const sysfs::Device* device = inventory.find(one.device);
        if (device != nullptr && same_device(device->identity(), one.identity))
            rules[one.device] = rule;
    };
    for (const auto& [id, one] : returned)
        add(one, {.rule = one.rule, .returned = true});
    for (const auto& [id, one] : bound)
        add(one, {one.rule, one.taken_along, one.where, one.early ? "" : one.driver, false,
                  one.before_override});
    return rules;
}

std::optional<InFlightTransaction> JournalState::changes_since(
    const std::string& txn, const sysfs::DeviceId& device) const {
    std::optional<InFlightTransaction> since;
    for (const UndoableTransaction& each : undoable) {
        if (find_replaced(each, device) == nullptr || (!since && each.begin.txn != txn))
            continue;
        if (!since)
            since = InFlightTransaction{each.begin, {}, {}, {}};
        for (IntentRecord intent : each.intents)
            if (intent.device == device) {
                intent.step = static_cast<unsigned>(since->intents.size());
                since->results[intent.step] = 0;
                since->intents.push_back(std::move(intent));
            }
    }
    if (since)
        std::erase_if(since->begin.devices,
                      [&](const auto& each) { return each.device != device; });
    return since;
}

ManagedDevice JournalState::to_undo(const sysfs::DeviceId& device,
                                    const std::string& rollback) const {
    const auto since = rollback.empty() ? std::nullopt : changes_since(rollback, device);
    if (!since)
        return bound.at(device);
    BindingSnapshot snapshot = since->begin.devices.front();
    snapshot.origin.reset();
    const auto now = bound.find(device);
    const std::string driver = now == bound.end() ? bound_last(*since) : now->second.driver;
    const bool moved = snapshot.before.driver != driver;
    ManagedDevice undone = to_managed_device(*since, snapshot, moved ? driver : "", {});
    undone.driver = driver;
    undone.early = false;
    return undone;
}

std::vector<Record> JournalState::records() const {
    std::vector<Record> all{BootRecord{boot_id}};
    for (const auto& [device, one] : bound)
        all.emplace_back(one);
    for (const auto& [device, one] : returned)
        all.emplace_back(one);
    for (const UndoableTransaction& each : undoable)
        all.emplace_back(each);
    for (const InFlightTransaction& flight : in_flight) {
        all.emplace_back(flight.begin);
        if (!flight.rollback.empty())
            all.emplace_back(RollbackRecord{flight.begin.txn, flight.rollback});
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

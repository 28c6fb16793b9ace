// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/record_applier.hpp"

#include <algorithm>
#include <iterator>

#include "policy/model/device_attributes.hpp"
#include "sysfs/device/vgpu.hpp"

namespace binding {
namespace {

/// "NAME=" of an attribute of a rule.
std::optional<std::string> attribute_prefix(const IntentRecord& intent) {
    const std::string name = policy::split_assignment(intent.before).first;
    if (intent.op != policy::Op::kSetAttr || !policy::is_device_attribute(name))
        return std::nullopt;
    return name + "=";
}

/// A release restores the value before our first transaction. Once it is there again, nothing is
/// left to restore.
void note_attribute(const IntentRecord& intent, const std::string& prefix,
                    std::vector<SideEffect>& made) {
    const auto known = std::find_if(made.begin(), made.end(), [&](const SideEffect& one) {
        return one.op == policy::Op::kSetAttr && one.value.starts_with(prefix);
    });
    if (known == made.end())
        made.push_back({intent.op, intent.value, intent.before});
    else
        known->value = intent.value;
    std::erase_if(made, [&](const SideEffect& one) {
        return one.op == policy::Op::kSetAttr && one.value == one.before;
    });
}

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
        if (const auto prefix = attribute_prefix(intent))
            note_attribute(intent, *prefix, made);
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

}  // namespace

ManagedDevice to_managed_device(const InFlightTransaction& flight, const BindingSnapshot& snapshot,
                                const std::string& driver,
                                std::vector<SideEffect> side_effects_before) {
    const PreviousBinding& before = snapshot.origin ? *snapshot.origin : snapshot.before;
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
            .early = snapshot.early,
            .netdevs = snapshot.netdevs,
            .before_power_control = before.power_control};
}

const ManagedDevice* find_replaced(const UndoableTransaction& undoable,
                                   const sysfs::DeviceId& device) {
    for (const ManagedDevice& replaced : undoable.replaced)
        if (replaced.device == device)
            return &replaced;
    return nullptr;
}

namespace {

/// Of each device so many transactions can be undone one by one.
constexpr std::size_t kUndoableOfADevice = 4;

/// Forgets the device's part of the transactions in this range.
template <typename Iterator>
void forget_device(Iterator from, Iterator to, const sysfs::DeviceId& device) {
    for (; from != to; ++from) {
        std::erase_if(from->replaced, [&](const auto& each) { return each.device == device; });
        std::erase_if(from->begin.devices, [&](const auto& each) { return each.device == device; });
        std::erase_if(from->intents, [&](const auto& each) { return each.device == device; });
    }
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
    /// What a rollback of the transaction would undo: its part on devices that were ours. Boot's
    /// overrides are no state to go back to.
    void keep_undoable(const InFlightTransaction& flight, const ManagedDevice& replaced) const {
        const BindingSnapshot* snapshot = flight.find(replaced.device);
        if (replaced.early && !snapshot->before.driver)
            return;
        auto& all = journal_state.undoable;
        if (all.empty() || all.back().begin.txn != flight.begin.txn) {
            all.push_back({flight.begin, {}, {}});
            all.back().begin.devices.clear();
        }
        all.back().begin.devices.push_back(*snapshot);
        all.back().replaced.push_back(replaced);
        for (const IntentRecord& intent : flight.intents)
            if (intent.device == replaced.device)
                all.back().intents.push_back(intent);
        std::size_t known = 0;
        for (auto at = all.rbegin(); at != all.rend(); ++at)
            if (find_replaced(*at, replaced.device) != nullptr && ++known > kUndoableOfADevice)
                forget_device(at, std::next(at), replaced.device);
        drop_empty();
    }
    void drop_empty() const {
        std::erase_if(journal_state.undoable,
                      [](const UndoableTransaction& each) { return each.replaced.empty(); });
    }
    void forget_undoable(const sysfs::DeviceId& device) const {
        forget_device(journal_state.undoable.begin(), journal_state.undoable.end(), device);
        drop_empty();
    }
    void release(const sysfs::DeviceId& device) const {
        journal_state.bound.erase(device);
        forget_undoable(device);
    }
    /// A release can be undone as long as nothing else is done to the device.
    void release_undoably(const InFlightTransaction& flight, const sysfs::DeviceId& device) const {
        const auto old = journal_state.bound.extract(device);
        forget_undoable(device);
        if (!old.empty() && flight.rollback.empty() && flight.find(device) != nullptr)
            keep_undoable(flight, old.mapped());
    }
    /// The device is again as it stood when the transaction `undone` began.
    void roll_back(const std::string& undone, const sysfs::DeviceId& device) const {
        auto& all = journal_state.undoable;
        const auto from = std::find_if(all.begin(), all.end(), [&](const auto& each) {
            return each.begin.txn == undone && find_replaced(each, device) != nullptr;
        });
        if (from == all.end())
            return;
        journal_state.bound[device] = *find_replaced(*from, device);
        forget_device(from, all.end(), device);
        drop_empty();
    }
    void close(const std::string& txn) const {
        std::erase_if(journal_state.in_flight,
                      [&](const InFlightTransaction& f) { return f.begin.txn == txn; });
    }

    void operator()(const BootRecord& r) const { journal_state.boot_id = r.id; }
    void operator()(const BeginRecord& r) const {
        if (find(r.txn) == nullptr)
            journal_state.in_flight.push_back({r, {}, {}, {}});
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
            if (!flight->rollback.empty())
                roll_back(flight->rollback, device);
            else if (const BindingSnapshot* snapshot = flight->find(device)) {
                const auto old = journal_state.bound.find(device);
                const bool was_ours = snapshot->origin && old != journal_state.bound.end();
                if (was_ours)
                    keep_undoable(*flight, old->second);
                else
                    forget_undoable(device);
                ManagedDevice next = to_managed_device(
                    *flight, *snapshot, driver,
                    was_ours ? old->second.side_effects : std::vector<SideEffect>{});
                if (was_ours)
                    next.first = old->second.first.empty() ? old->second.txn : old->second.first;
                if (was_ours && driver.empty())
                    next.driver = old->second.driver;
                // The last mdev of a parent was stopped on request: nothing is left to undo.
                if (next.driver.empty() && next.side_effects.empty())
                    release(device);
                else
                    journal_state.bound[device] = std::move(next);
            }
        }
        for (const sysfs::DeviceId& device : r.released) {
            release_undoably(*flight, device);
            const BindingSnapshot* snapshot = flight->find(device);
            if (flight->begin.action == "apply" && snapshot != nullptr)
                journal_state.returned[device] = {device, snapshot->identity, snapshot->rule};
        }
        journal_state.committed.insert(r.txn);
        close(r.txn);
    }
    void operator()(const RolledBackRecord& r) const { close(r.txn); }
    void operator()(const ReleasedRecord& r) const {
        release(r.device);
        journal_state.returned.erase(r.device);
    }
    void operator()(const ReturnedDevice& r) const { journal_state.returned[r.device] = r; }
    void operator()(const ManagedDevice& r) const { journal_state.bound[r.device] = r; }
    void operator()(const RollbackRecord& r) const {
        if (InFlightTransaction* flight = find(r.txn))
            flight->rollback = r.undone;
    }
    void operator()(const UndoableTransaction& r) const { journal_state.undoable.push_back(r); }
};

}  // namespace

void apply_record(JournalState& state, const Record& record) {
    std::visit(RecordApplier{state}, record);
}

}  // namespace binding

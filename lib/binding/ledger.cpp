// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/ledger.hpp"

#include <algorithm>

#include "sysfs/vgpu.hpp"

namespace binding {
namespace {

bool is_vgpu_type(const IntentRecord& intent) {
    return intent.op == policy::Op::kSetAttr && intent.value.starts_with(std::string(sysfs::kVgpuTypeAttr) + "=") &&
           !intent.before.empty();
}

/// What the transaction made on `device` beside a driver, and what was made there before it.
std::vector<Made> made_on(const InFlight& flight, const sysfs::DeviceId& device,
                          const std::string& driver, std::vector<Made> made) {
    for (const IntentRecord& intent : flight.intents) {
        const auto result = flight.results.find(intent.step);
        if (intent.device != device || result == flight.results.end() || result->second != 0)
            continue;
        // With a driver of ours the nodes go, and with them who may open them.
        const bool first = std::none_of(made.begin(), made.end(), [&](const Made& one) {
            return one.op == policy::Op::kSetAccess && one.value == intent.value;
        });
        if (intent.op == policy::Op::kSetAccess && driver.empty() && first)
            made.push_back({intent.op, intent.value, intent.before});
        if (intent.op == policy::Op::kCreateMdev || is_vgpu_type(intent))
            made.push_back({intent.op, intent.value, intent.before});
        if (intent.op == policy::Op::kRemoveMdev)
            std::erase_if(made, [&](const Made& one) { return one.value == intent.value; });
        if (intent.op != policy::Op::kSetVfs)
            continue;
        // How many VFs there were before the first of us came stays what a release goes back to.
        const auto known = std::find_if(made.begin(), made.end(), [](const Made& one) {
            return one.op == policy::Op::kSetVfs;
        });
        if (known == made.end())
            made.push_back({intent.op, intent.value, intent.before});
        else
            known->value = intent.value;
    }
    return made;
}

Bound bound_by(const InFlight& flight, const Held& held, const std::string& driver,
               std::vector<Made> made_before) {
    const Held::Origin& before = held.origin ? *held.origin : held.before;
    return {.device = held.device,
            .identity = held.identity,
            .txn = flight.begin.txn,
            .rule = held.rule,
            .where = held.where,
            .driver = driver,
            .before_driver = before.driver,
            .before_override = before.driver_override,
            .taken_along = held.taken_along,
            .made = made_on(flight, held.device, driver, std::move(made_before)),
            .early = held.early};
}

/// One overload for each kind of record.
struct Take {
    Ledger& ledger;

    InFlight* find(const std::string& txn) const {
        const auto at = std::find_if(ledger.in_flight.begin(), ledger.in_flight.end(),
                                     [&](const InFlight& f) { return f.begin.txn == txn; });
        return at == ledger.in_flight.end() ? nullptr : &*at;
    }
    void close(const std::string& txn) const {
        std::erase_if(ledger.in_flight, [&](const InFlight& f) { return f.begin.txn == txn; });
    }

    void operator()(const BootRecord& r) const { ledger.boot_id = r.id; }
    void operator()(const BeginRecord& r) const {
        if (find(r.txn) == nullptr)
            ledger.in_flight.push_back({r, {}, {}});
    }
    void operator()(const IntentRecord& r) const {
        if (InFlight* flight = find(r.txn))
            flight->intents.push_back(r);
    }
    void operator()(const DoneRecord& r) const {
        if (InFlight* flight = find(r.txn))
            flight->results[r.step] = r.errnum;
    }
    void operator()(const CommitRecord& r) const {
        const InFlight* flight = find(r.txn);
        if (flight == nullptr)
            return;
        for (const auto& [device, driver] : r.bound) {
            if (const Held* held = flight->find(device)) {
                const auto old = ledger.bound.find(device);
                const bool was_ours = held->origin && old != ledger.bound.end();
                Bound next = bound_by(*flight, *held, driver,
                                      was_ours ? old->second.made : std::vector<Made>{});
                if (was_ours && driver.empty())
                    next.driver = old->second.driver;
                // The last mdev of a parent was stopped by hand: there is nothing left to undo.
                if (next.driver.empty() && next.made.empty())
                    ledger.bound.erase(device);
                else
                    ledger.bound[device] = std::move(next);
            }
        }
        for (const sysfs::DeviceId& device : r.released)
            ledger.bound.erase(device);
        ledger.committed.insert(r.txn);
        close(r.txn);
    }
    void operator()(const RolledBackRecord& r) const { close(r.txn); }
    void operator()(const ReleasedRecord& r) const { ledger.bound.erase(r.device); }
    void operator()(const Bound& r) const { ledger.bound[r.device] = r; }
};

}  // namespace

bool same_device(const sysfs::Identity& a, const sysfs::Identity& b) {
    const bool same_group = a.iommu_group == b.iommu_group || !a.iommu_group || !b.iommu_group;
    return a.ids == b.ids && a.modalias == b.modalias && same_group;
}

const Held* InFlight::find(const sysfs::DeviceId& device) const {
    for (const Held& held : begin.devices)
        if (held.device == device)
            return &held;
    return nullptr;
}

void Ledger::take(const Record& record) {
    std::visit(Take{*this}, record);
}

const InFlight* Ledger::find_in_flight(const std::string& txn) const {
    for (const InFlight& flight : in_flight)
        if (flight.begin.txn == txn)
            return &flight;
    return nullptr;
}

const Bound* Ledger::find_bound(const sysfs::DeviceId& device,
                                const sysfs::Identity& identity) const {
    const auto at = bound.find(device);
    return at != bound.end() && same_device(at->second.identity, identity) ? &at->second : nullptr;
}

std::vector<Record> Ledger::records() const {
    std::vector<Record> all{BootRecord{boot_id}};
    for (const auto& [device, one] : bound)
        all.emplace_back(one);
    for (const InFlight& flight : in_flight) {
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

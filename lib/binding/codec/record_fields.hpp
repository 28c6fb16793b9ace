// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/codec/field_lists.hpp"
#include "binding/codec/managed_device.hpp"
#include "binding/codec/record.hpp"

/// The lists of fields of what is on disk: the journal (/run/bindd/journal) and the history
/// (/var/lib/bindd/history). Keys and their order stay as they are; a key that older versions did
/// not write is `defaulted`.
namespace binding {

template <>
inline constexpr const char* kTagKey<Record> = "record";

template <>
struct FieldList<PreviousBinding> {
    using Binding = PreviousBinding;
    static constexpr auto fields = std::tuple{required("driver", &Binding::driver),
                                              required("override", &Binding::driver_override),
                                              omittable("power_control", &Binding::power_control)};
};
template <>
struct FieldList<BindingSnapshot> {
    using Snapshot = BindingSnapshot;
    static constexpr auto fields = std::tuple{required("device", &Snapshot::device),
                                              required("identity", &Snapshot::identity),
                                              required("before", &Snapshot::before),
                                              required("origin", &Snapshot::origin),
                                              required("rule", &Snapshot::rule),
                                              required("where", &Snapshot::where),
                                              required("taken_along", &Snapshot::taken_along),
                                              defaulted("early", &Snapshot::early),
                                              omittable("netdevs", &Snapshot::netdevs)};
    static_assert(std::tuple_size_v<decltype(fields)> == member_count<Snapshot>());
};
BINDD_FIELDS(SideEffect, op, value, before)
BINDD_FIELDS(CommitRecord::CommittedDevice, device, driver)

BINDD_MESSAGE(BootRecord, "boot", id)
BINDD_MESSAGE(BeginRecord, "begin", txn, time_us, actor, action, group, devices)
BINDD_MESSAGE(IntentRecord, "intent", txn, step, op, device, value, before)
BINDD_TAG(DoneRecord, "done")
template <>
struct FieldList<DoneRecord> {
    static constexpr auto fields =
        std::tuple{required("txn", &DoneRecord::txn), required("step", &DoneRecord::step),
                   required("errno", &DoneRecord::errnum)};
};
BINDD_MESSAGE(CommitRecord, "commit", txn, bound, released)
BINDD_MESSAGE(RolledBackRecord, "rolled_back", txn, notes)
BINDD_MESSAGE(ReleasedRecord, "released", device, why)
BINDD_MESSAGE(ReturnedDevice, "returned", device, identity, rule)
BINDD_TAG(ManagedDevice, "bound")
template <>
struct FieldList<ManagedDevice> {
    static constexpr auto fields =
        std::tuple{required("device", &ManagedDevice::device),
                   required("identity", &ManagedDevice::identity),
                   required("txn", &ManagedDevice::txn),
                   required("rule", &ManagedDevice::rule),
                   required("where", &ManagedDevice::where),
                   required("driver", &ManagedDevice::driver),
                   nested("before", required("driver", &ManagedDevice::before_driver),
                          required("override", &ManagedDevice::before_override),
                          omittable("power_control", &ManagedDevice::before_power_control)),
                   required("taken_along", &ManagedDevice::taken_along),
                   required("made", &ManagedDevice::side_effects),
                   defaulted("early", &ManagedDevice::early),
                   omittable("first", &ManagedDevice::first),
                   omittable("netdevs", &ManagedDevice::netdevs)};
};

BINDD_MESSAGE(RollbackRecord, "rollback", txn, undone)
BINDD_MESSAGE(UndoableTransaction, "undoable", begin, intents, replaced)

template <>
struct FieldList<HistoryEntry> {
    static constexpr auto fields = std::tuple{
        required("txn", &HistoryEntry::txn),       required("time_us", &HistoryEntry::time_us),
        required("actor", &HistoryEntry::actor),   required("action", &HistoryEntry::action),
        required("group", &HistoryEntry::group),   required("devices", &HistoryEntry::devices),
        required("driver", &HistoryEntry::driver), required("rule", &HistoryEntry::rule),
        required("where", &HistoryEntry::where),   required("result", &HistoryEntry::result),
        required("error", &HistoryEntry::error),   omittable("attrs", &HistoryEntry::attrs)};
};

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "binding/codec/managed_device.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/device.hpp"

/// The journal's lines. Each is `CHECKSUM {json}`: readable text, and a torn or damaged line is
/// detected.
namespace binding {

/// Equal, except for a group that only one of them has: without an IOMMU, vfio creates a group when
/// it binds a device and removes it again.
[[nodiscard]] bool same_device(const sysfs::Identity& a, const sysfs::Identity& b);

/// The boot that the records after it belong to: overrides and bindings do not outlive it.
struct BootRecord {
    std::string id;
    bool operator==(const BootRecord&) const = default;
};

/// How a device stood before a transaction.
struct PreviousBinding {
    std::optional<std::string> driver;
    std::optional<std::string> driver_override;
    /// power/control, which drivers set when they bind and unbind; absent without a driver.
    std::optional<std::string> power_control = {};
    bool operator==(const PreviousBinding&) const = default;
};

/// One device of a transaction when the transaction began: the state that an undo restores.
/// `origin`, of a device that was bound by us already, is its state before we first bound it.
struct BindingSnapshot {
    sysfs::DeviceId device;
    sysfs::Identity identity;
    PreviousBinding before;
    std::optional<PreviousBinding> origin;
    std::string rule;
    std::string where;
    bool taken_along = false;
    bool early = false;
    std::vector<std::string> netdevs = {};
    bool operator==(const BindingSnapshot&) const = default;
};

struct BeginRecord {
    std::string txn;
    std::int64_t time_us = 0;
    std::string actor;
    std::string action;
    std::optional<int> group;
    std::vector<BindingSnapshot> devices;
    bool operator==(const BeginRecord&) const = default;
};

/// What is about to be written to the kernel. `before` is what an undo writes back, for the writes
/// that BindingSnapshot does not cover (attributes, VFs, access, mdevs).
struct IntentRecord {
    std::string txn;
    unsigned step = 0;
    policy::Op op{};
    sysfs::DeviceId device;
    std::string value;
    std::string before;
    bool operator==(const IntentRecord&) const = default;
};

/// The write of that step has returned; `errnum` 0 for success.
struct DoneRecord {
    std::string txn;
    unsigned step = 0;
    int errnum = 0;
    bool operator==(const DoneRecord&) const = default;
};

/// The whole transaction happened: devices that are bound by us now (with their driver; empty where
/// it is unchanged), and devices that no longer are.
struct CommitRecord {
    struct CommittedDevice {
        sysfs::DeviceId device;
        std::string driver;
        bool operator==(const CommittedDevice&) const = default;
    };
    std::string txn;
    std::vector<CommittedDevice> bound;
    std::vector<sysfs::DeviceId> released;
    bool operator==(const CommitRecord&) const = default;
};

/// The transaction was undone. `notes` says what could not be restored and why.
struct RolledBackRecord {
    std::string txn;
    std::vector<std::string> notes;
    bool operator==(const RolledBackRecord&) const = default;
};

/// The transaction restores what stood when the transaction `undone` began, of devices that were
/// ours then; follows its begin.
struct RollbackRecord {
    std::string txn;
    std::string undone;
    bool operator==(const RollbackRecord&) const = default;
};

/// A committed transaction, as far as its devices were ours before it, with their records of then:
/// what a rollback of it undoes. Written by a compaction only.
struct UndoableTransaction {
    BeginRecord begin;
    std::vector<IntentRecord> intents;
    std::vector<ManagedDevice> replaced;
    bool operator==(const UndoableTransaction&) const = default;
};

/// A device that stopped being bound by us without a write: it went away, or is another one now.
struct ReleasedRecord {
    sysfs::DeviceId device;
    std::string why;
    bool operator==(const ReleasedRecord&) const = default;
};

/// A device that a rule has returned to the host: the rule must not take another one instead.
struct ReturnedDevice {
    sysfs::DeviceId device;
    sysfs::Identity identity;
    std::string rule;
    bool operator==(const ReturnedDevice&) const = default;
};

using Record = std::variant<BootRecord, BeginRecord, IntentRecord, DoneRecord, CommitRecord,
                            RolledBackRecord, ReleasedRecord, ManagedDevice, ReturnedDevice,
                            RollbackRecord, UndoableTransaction>;

/// One line without its newline.
[[nodiscard]] std::string encode_record(const Record& record);
/// kInvalid for a line with a wrong checksum, form or kind.
[[nodiscard]] base::Result<Record> decode_record(std::string_view line);

}  // namespace binding

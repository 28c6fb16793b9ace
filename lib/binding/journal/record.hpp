// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "binding/journal/managed_device.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/device.hpp"

/// The journal's lines. Each is `CHECKSUM {json}`: a person can read it, and a line that was torn
/// or rotted is known for one.
namespace binding {

/// Is what stands there the device that was meant? As `==`, but for a group that only one of them
/// has: without an IOMMU vfio makes one up when it binds a device, and takes it away again.
[[nodiscard]] bool same_device(const sysfs::Identity& a, const sysfs::Identity& b);

/// The boot that the records after it belong to: overrides and bindings do not outlive it.
struct BootRecord {
    std::string id;
    bool operator==(const BootRecord&) const = default;
};

/// One device of a transaction as it stood when the transaction began: what an undo restores.
/// `origin` is there when the device was ours already: how it stood before we first came.
struct BindingSnapshot {
    struct PreviousBinding {
        std::optional<std::string> driver;
        std::optional<std::string> driver_override;
        bool operator==(const PreviousBinding&) const = default;
    };
    sysfs::DeviceId device;
    sysfs::Identity identity;
    PreviousBinding before;
    std::optional<PreviousBinding> origin;
    std::string rule;
    std::string where;
    bool taken_along = false;
    bool early = false;
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
/// that Held does not cover (attributes, VFs, access, mdevs).
struct IntentRecord {
    std::string txn;
    unsigned step = 0;
    policy::Op op{};
    sysfs::DeviceId device;
    std::string value;
    std::string before;
    bool operator==(const IntentRecord&) const = default;
};

/// The write of that step came back; `errnum` 0 for success.
struct DoneRecord {
    std::string txn;
    unsigned step = 0;
    int errnum = 0;
    bool operator==(const DoneRecord&) const = default;
};

/// All of it happened: the devices that are ours now (with their driver; empty where we left that
/// alone), and those that no longer are.
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

/// None of it happened any more. `notes` says what could not be put back and why.
struct RolledBackRecord {
    std::string txn;
    std::vector<std::string> notes;
    bool operator==(const RolledBackRecord&) const = default;
};

/// A device that is no longer ours without a write: it went away, or is another device now.
struct ReleasedRecord {
    sysfs::DeviceId device;
    std::string why;
    bool operator==(const ReleasedRecord&) const = default;
};

using Record = std::variant<BootRecord, BeginRecord, IntentRecord, DoneRecord, CommitRecord,
                            RolledBackRecord, ReleasedRecord, ManagedDevice>;

/// One line without its newline.
[[nodiscard]] std::string encode_record(const Record& record);
/// kInvalid for a line whose checksum, form or kind is not ours.
[[nodiscard]] base::Result<Record> decode_record(std::string_view line);

}  // namespace binding

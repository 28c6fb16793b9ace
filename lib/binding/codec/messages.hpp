// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "binding/codec/host_context.hpp"
#include "binding/codec/record.hpp"
#include "policy/plan/devices_in_use.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/usage/usage.hpp"

/// What the daemon's processes send each other, one line of JSON each: the controller to the
/// executor and back, the executor to its readers and the runner of transactions to its workers.
/// A request has an id; its replies carry the same one, the last is Completed or Failed. Id 0 is a
/// notice that nobody asked for.
namespace binding {

enum class DriverScan { kSkip, kInclude };

/// The whole host → DeviceFound..., ContextFound, DriversFound.
struct ScanHost {
    sysfs::ScanOptions wanted;
};
/// Some devices and their groups → DeviceFound..., ContextFound, and DriversFound if asked for.
struct ScanDevices {
    std::vector<sysfs::DeviceId> ids;
    sysfs::ScanOptions wanted;
    DriverScan drivers = DriverScan::kSkip;
};
/// Who uses these devices → UsageFound.
struct QueryUsage {
    std::vector<sysfs::Device> devices;
};
/// A device's fds for a client ("" for the best backend) → they come through the channel for fds,
/// marked with `ticket`, before Completed does.
struct OpenForClient {
    std::string ticket;
    sysfs::DeviceId device;
    std::string backend;
};
/// → StepStarted..., TransactionEnded.
struct ExecuteTransaction {
    std::string actor;
    std::string action;
    std::chrono::milliseconds timeout{};  ///< of each write
    policy::Transaction transaction;
};
/// Undo what is in flight → TransactionInterrupted..., and RecoveryEnded as a notice for each.
struct RecoverInterrupted {};
/// These devices went away: they are no longer ours.
struct ForgetDevices {
    std::vector<sysfs::DeviceId> ids;
};
/// Make udev's rules those of root's policy files, which the executor reads itself, without the
/// devices that the host uses: these, which are kept for the next boot, or those that are kept.
struct UpdateUdevRules {
    std::optional<policy::DevicesInUse> in_use = std::nullopt;
};
struct Ping {};
/// Finish what has begun and exit.
struct Stop {};

struct DeviceFound {
    sysfs::Device device;
};
struct ContextFound {
    HostContext context;
};
struct DriversFound {
    sysfs::Drivers drivers;
};
struct UsageFound {
    sysfs::Usage usage;
};
struct StepStarted {
    std::string text;  ///< "bind 0000:01:00.0 to vfio-pci"
};
struct TransactionEnded {
    std::string txn;
    policy::Transaction transaction;
};
struct Completed {};
struct Failed {
    base::Error error;
};

struct Warning {
    std::string text;
};
/// Before the answer to RecoverInterrupted: the devices in use as the last look left them, of this
/// boot or an earlier one.
struct InUseFound {
    policy::DevicesInUse devices;
    std::string error;  ///< why they are not known; empty: they are
};
/// A transaction that no process executes any more is being undone: nobody may read its devices.
struct TransactionInterrupted {
    BeginRecord begin;
};
enum class RecoveryResult { kUndone, kPending };
/// An undo has ended, or will be tried again; also of a ReadStuck by its name.
struct RecoveryEnded {
    std::string txn;
    RecoveryResult result = RecoveryResult::kUndone;
    std::string note;
};
/// Reading these devices does not return.
struct ReadStuck {
    std::string name;
    std::vector<sysfs::Device> devices;
};

/// To a worker → StepStarted..., DeviceSeen..., TransactionOutcome.
struct RunTransaction {
    std::string txn;
};
struct UndoTransaction {
    std::string txn;
};
/// As much of a device as finding out who holds it needs, before it is written to. The parent must
/// not read a device whose unbind hangs: reading its driver_override would hang as well (the
/// device's lock is held).
struct DeviceSeen {
    sysfs::Device device;
};
/// How a transaction ended.
struct TransactionOutcome {
    policy::StepResult result = policy::StepResult::kFailed;
    std::string error;
    std::optional<base::Code> error_code = std::nullopt;
    std::vector<policy::Step> steps;
    std::vector<std::string> notes;
};

using Message =
    std::variant<ScanHost, ScanDevices, QueryUsage, OpenForClient, ExecuteTransaction,
                 RecoverInterrupted, ForgetDevices, UpdateUdevRules, Ping, Stop, DeviceFound,
                 ContextFound, DriversFound, UsageFound, StepStarted, TransactionEnded, Completed,
                 Failed, Warning, InUseFound, TransactionInterrupted, RecoveryEnded, ReadStuck,
                 RunTransaction, UndoTransaction, DeviceSeen, TransactionOutcome>;

struct Envelope {
    std::uint64_t id = 0;  ///< of the request; 0: unasked
    Message message;
};

[[nodiscard]] std::string encode_message(const Envelope& envelope);
/// kInvalid with the place of the error for a line that is no message, and for a message with a
/// name in it that could not be the kernel's (validate.hpp).
[[nodiscard]] base::Result<Envelope> decode_message(std::string_view line);

/// The id of a line that decode_message() refuses, if it has one: for the reply.
[[nodiscard]] std::optional<std::uint64_t> decode_message_id(std::string_view line);

/// "scan_host"
[[nodiscard]] const char* message_name(const Message& message);
/// The error of a message that its receiver does not expect.
[[nodiscard]] base::Error unexpected_message(const Message& message);

}  // namespace binding

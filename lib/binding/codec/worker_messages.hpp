// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "binding/transaction/execute_transaction.hpp"
#include "sysfs/device/device.hpp"

/// The lines between the parent and its workers.
namespace binding {

/// "run TXN" or "undo TXN".
struct WorkerRequest {
    enum class Operation { kRun, kUndo };
    Operation operation = Operation::kRun;
    std::string txn;

    [[nodiscard]] std::string text() const;
    [[nodiscard]] static WorkerRequest parse(const std::string& text);
};

[[nodiscard]] std::string encode_outcome(const TransactionOutcome& outcome);
/// A line that is no outcome becomes a failed one that says so.
[[nodiscard]] TransactionOutcome decode_outcome(const std::string& line);

/// As much of a device as finding out who holds it needs. The parent must not read a device whose
/// unbind hangs: reading its driver_override would hang as well (the device's lock is held).
[[nodiscard]] std::string encode_device_summary(const sysfs::Device& device);
[[nodiscard]] std::optional<sysfs::Device> decode_device_summary(const std::string& line);

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "binding/transact.hpp"
#include "sysfs/device.hpp"

/// The lines between the parent and its workers.
namespace binding {

/// "run TXN" or "undo TXN".
struct Request {
    enum class Kind { kRun, kUndo };
    Kind kind = Kind::kRun;
    std::string txn;

    [[nodiscard]] std::string text() const;
    [[nodiscard]] static Request of(const std::string& text);
};

[[nodiscard]] std::string outcome_line(const Outcome& outcome);
/// A line that is no outcome becomes a failed one that says so.
[[nodiscard]] Outcome outcome_of(const std::string& line);

/// As much of a device as finding out who holds it needs. The parent must not read a device whose
/// unbind hangs: reading its driver_override would hang as well (the device's lock is held).
[[nodiscard]] std::string device_line(const sysfs::Device& device);
[[nodiscard]] std::optional<sysfs::Device> device_of(const std::string& line);

}  // namespace binding

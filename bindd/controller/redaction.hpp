// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/codec/managed_device.hpp"
#include "binding/report/device_report.hpp"
#include "policy/plan/plan.hpp"

/// What is left of texts that name processes, mounts and other things of other users, for a reader
/// whom polkit does not allow org.bindd1.inspect: verdicts, results and codes.
namespace bindd {

enum class Disclosure { kCodes, kEverything };

/// In place of a text.
inline constexpr const char* kNotShown = "not shown without org.bindd1.inspect";

/// Without the texts of errors, and of the reasons that are uses. Unchanged for kEverything, as all
/// that follow.
[[nodiscard]] policy::Transaction redact(policy::Transaction transaction, Disclosure disclosure);
[[nodiscard]] policy::Plan redact(policy::Plan plan, Disclosure disclosure);
/// The kinds stay: vfioctl makes the same plans.
[[nodiscard]] sysfs::Usage redact(sysfs::Usage usage, Disclosure disclosure);
[[nodiscard]] binding::HistoryEntry redact(binding::HistoryEntry entry, Disclosure disclosure);
/// `transaction` is that of the device, or null.
[[nodiscard]] binding::DeviceState redact(binding::DeviceState state, const sysfs::Device& device,
                                          const policy::Transaction* transaction,
                                          Disclosure disclosure);
[[nodiscard]] std::string redact(std::string text, Disclosure disclosure);

}  // namespace bindd

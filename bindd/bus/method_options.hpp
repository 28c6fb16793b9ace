// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bindd/bus/bus_error.hpp"
#include "bindd/controller/job.hpp"
#include "sysfs/device/inventory.hpp"

namespace bindd {

/// A value of a type that no option has.
struct OtherType {};
/// The key occurs more than once.
struct GivenTwice {};
/// The value of one option as received.
using MethodOptionValue =
    std::variant<bool, double, std::string, std::vector<std::string>, OtherType, GivenTwice>;
using MethodOptions = std::map<std::string, MethodOptionValue>;

/// Parse the options of a method. kOptionNotPermitted if a key is unknown, a type is wrong or a
/// value is not one of those permitted.
[[nodiscard]] BusResult<JobRequest> parse_bind_options(const MethodOptions& options);
/// Without dry-run.
[[nodiscard]] BusResult<JobRequest> parse_claim_options(const MethodOptions& options);
/// timeout and dry-run; of release, VFs and the removal of an mdev force; of a new mdev uuid and
/// attrs. The devices of apply are left to read_devices_option().
[[nodiscard]] BusResult<JobRequest> parse_job_options(JobKind kind, const MethodOptions& options);
/// A backend's name; empty for the default.
[[nodiscard]] BusResult<std::string> parse_open_options(const MethodOptions& options);
/// The devices of `key`, each written as vfioctl accepts it. Empty if absent.
[[nodiscard]] BusResult<std::vector<sysfs::DeviceId>> read_devices_option(
    const MethodOptions& options, std::string_view key, const sysfs::Inventory& inventory);
/// The same of the only option, for calls that have no other.
[[nodiscard]] BusResult<std::vector<sysfs::DeviceId>> parse_devices_option(
    const MethodOptions& options, std::string_view key, const sysfs::Inventory& inventory);

}  // namespace bindd

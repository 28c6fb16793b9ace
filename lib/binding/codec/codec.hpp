// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/device.hpp"

/// Single values as a line of JSON each, for what goes over the bus beside the interface's
/// documents. Both ends are of one version.
namespace binding {

[[nodiscard]] std::string encode(const policy::Transaction& transaction);
[[nodiscard]] std::string encode(const sysfs::Device& device);
[[nodiscard]] std::string encode(const base::Error& error);

/// kInvalid with the place of what is wrong, for a line that is no such value or does not pass
/// validate().
[[nodiscard]] base::Result<policy::Transaction> decode_transaction(std::string_view line);
[[nodiscard]] base::Result<sysfs::Device> decode_device(std::string_view line);
[[nodiscard]] base::Result<base::Error> decode_error(std::string_view line);

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "policy/decide/decide.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"

namespace binding {

/// Why a device has the driver that it has, or will have: rules, driver chain, reasons.
[[nodiscard]] nlohmann::ordered_json explain_json(const sysfs::Device& device,
                                                  const policy::PolicySet& set,
                                                  const policy::Decision& decision,
                                                  const policy::Transaction* transaction,
                                                  const sysfs::Inventory& inventory);

}  // namespace binding

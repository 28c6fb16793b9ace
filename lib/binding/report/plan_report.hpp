// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "policy/decide/decide.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"

/// Plans before and after they are applied.
namespace binding {

[[nodiscard]] nlohmann::ordered_json plan_json(const policy::Plan& plan);
[[nodiscard]] nlohmann::ordered_json transaction_json(const policy::Transaction& transaction);
/// `reasons` of plan, apply and explain.
[[nodiscard]] nlohmann::ordered_json reasons_json(const std::vector<policy::Reason>& reasons);

/// An attribute that the rule of a device gives it.
struct WantedAttribute {
    std::string name;
    std::string wanted;
    std::optional<std::string> actual;
};
/// Those of its rule, in the rule's order.
[[nodiscard]] std::vector<WantedAttribute> wanted_attributes(const sysfs::Device& device,
                                                             const policy::Decision* decision);
[[nodiscard]] nlohmann::ordered_json wanted_attributes_json(const sysfs::Device& device,
                                                            const policy::Decision* decision);
/// Why a device has the driver that it has, or will have: rules, driver chain, reasons.
[[nodiscard]] nlohmann::ordered_json explain_json(const sysfs::Device& device,
                                                  const policy::PolicySet& set,
                                                  const policy::Decision& decision,
                                                  const policy::Transaction* transaction,
                                                  const sysfs::Inventory& inventory);

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan_context.hpp"

namespace policy {

/// The missing mdevs of a rule, each with its uuid, and the reasons why they cannot be created. A
/// rule does not concern other mdevs of the parent.
struct MissingMdevs {
    std::vector<MdevSpec> missing;
    std::vector<Reason> reasons;
};
[[nodiscard]] MissingMdevs find_missing_mdevs(const Member& member,
                                              const sysfs::Inventory& inventory);

/// The name of the `index`th mdev of a `count`: UUIDv5 of machine-id, parent, type and index, the
/// same after every reboot. Nothing when `machine_id` is not 32 hex digits.
[[nodiscard]] std::optional<std::string> mdev_uuid(const std::string& machine_id,
                                                   const std::string& parent,
                                                   const std::string& type, std::uint32_t index);

}  // namespace policy

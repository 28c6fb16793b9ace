// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "policy/plan/plan_context.hpp"

/// What a user requests of the mdevs of a parent, beside the policies.
namespace policy {

/// The rule's name in the records of requests for mdevs.
inline constexpr const char* kMdevRequest = "mdev";

/// The change of a parent's mdevs that a user requests, as a transaction.
[[nodiscard]] Transaction mdev_transaction(const sysfs::Device& parent, Change change,
                                           const sysfs::Inventory& inventory);

/// The removal of an mdev: refused while it is in use, and where it or its parent is protected.
/// Empty when there is no such mdev, or when the scan has not found its parent.
[[nodiscard]] Plan plan_mdev_removal(const std::string& uuid, const PlanContext& context);

}  // namespace policy

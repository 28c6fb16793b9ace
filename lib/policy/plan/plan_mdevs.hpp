// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan_context.hpp"

namespace policy {

/// Is this an mdev that was unbound from its driver? Its VFIO nodes are gone, and it gets no driver
/// again: mdev_match() matches nothing, so a write to `bind` fails with ENODEV (since Linux 5.13).
[[nodiscard]] bool has_lost_driver(const sysfs::Device& device);
inline constexpr const char* kLostDriver =
    "was unbound from its driver, and the kernel binds none to an mdev again: only removing and "
    "creating it again helps";

/// The missing mdevs of a rule, each with its uuid, and the reasons why they cannot be created. A
/// rule does not concern other mdevs of the parent.
struct MissingMdevs {
    std::vector<MdevSpec> missing;
    std::vector<MdevSpec> lost;  ///< of the missing those that must be removed first
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

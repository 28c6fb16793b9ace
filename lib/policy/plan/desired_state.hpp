// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "policy/plan/plan_context.hpp"

/// What is already as a rule wants it, for one device.
namespace policy {

/// Does the device have the wanted driver, or none if that is wanted? True without a `driver:`.
[[nodiscard]] bool has_desired_driver(const Member& member);

/// Does the rule take its driver away from the device?
[[nodiscard]] bool loses_driver(const Member& member);

/// Is the device on VFIO, by its driver or by its nodes?
[[nodiscard]] bool is_bound_to_vfio(const sysfs::Device& device);

/// Will the member be on VFIO? True as well when it is already.
[[nodiscard]] bool goes_to_vfio(const Member& member);

/// Is the device on a native driver: neither VFIO's nor one that keeps devices for user space?
[[nodiscard]] bool is_on_native_driver(const sysfs::Device& device);

/// Does the override prevent the native driver from binding?
[[nodiscard]] bool override_blocks_native_driver(const sysfs::Device& device);

/// The number of VFs to set; nothing when it is already set.
[[nodiscard]] std::optional<std::uint32_t> vfs_to_set(const Member& member);

/// The attributes of the rule that the device has with another value, or not at all, or that the
/// driver to be bound may set.
[[nodiscard]] std::vector<DeviceAttribute> attributes_to_set(const Member& member);

/// Do the nodes of a bound device have the owner, group and mode of the rule? Unknown nodes count
/// as correct. The access of the last member applies to the group's node, as in the steps.
enum class GroupNodeCheck { kIncluded, kIgnored };
[[nodiscard]] bool has_desired_access(const Member& member, const sysfs::Host& host,
                                      GroupNodeCheck group_node);

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "policy/plan/plan_context.hpp"

/// What is already as a rule wants it: the part of idempotence that looks at one device.
namespace policy {

/// Has the device the driver (or the lack of one) that is wanted? Without a `driver:` there is
/// nothing to want.
[[nodiscard]] bool has_desired_driver(const Member& member);

/// Is the device with VFIO now, by its driver or by nodes of its own?
[[nodiscard]] bool is_bound_to_vfio(const sysfs::Device& device);

/// Would the member end with VFIO? True as well for one that is there.
[[nodiscard]] bool goes_to_vfio(const Member& member);

/// Has the host's own (native) driver the device? Not VFIO's, and not one that parks devices for
/// user space.
[[nodiscard]] bool is_on_native_driver(const sysfs::Device& device);

/// Does the override keep the native driver away?
[[nodiscard]] bool override_blocks_native_driver(const sysfs::Device& device);

/// The number of VFs to set; nothing when it is as wanted.
[[nodiscard]] std::optional<std::uint32_t> vfs_to_set(const Member& member);

/// Do the nodes of a device that VFIO has allow who the rule says? What is not known of them (they
/// are not there yet, or nobody looked) counts as well. Of several members of a group the last
/// one's word holds for the group's node, as it does when the steps are carried out.
enum class GroupNodeCheck { kIncluded, kIgnored };
[[nodiscard]] bool has_desired_access(const Member& member, const sysfs::Host& host,
                                      GroupNodeCheck group_node);

}  // namespace policy

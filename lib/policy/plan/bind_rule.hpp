// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/plan/plan.hpp"

namespace policy {

/// What the user requests for a device, through `vfioctl bind` or the bus.
struct BindOptions {
    DriverAction driver{.kind = DriverAction::ActionKind::kChain, .chain = {Candidate{}}};
    GroupSelection::SelectionKind group = GroupSelection::SelectionKind::kStrict;
    ForcedReasons forced;
};

/// A match for this device alone: its address and its ids, so that another card with the same
/// address does not match.
[[nodiscard]] Match exact_match(const sysfs::Device& device);

/// The rule for one device, named "bind-0000-01-00-0". Of the forced reasons it keeps only a disk's
/// signature: the others are momentary and must be forced again.
[[nodiscard]] Rule make_bind_rule(const sysfs::Device& device, const BindOptions& spec);

/// The rules of requests that leave the driver where it is: `count` VFs of a PF, and an mdev (of a
/// VF that becomes a virtual GPU: without uuid, with count: 1).
[[nodiscard]] Rule make_vfs_rule(const sysfs::Device& pf, std::uint32_t count);
[[nodiscard]] Rule make_mdev_rule(const sysfs::Device& parent, MdevSpec spec);

/// What a scan of the drivers must find for this action: the drivers it names.
[[nodiscard]] sysfs::ScanOptions required_facts(const DriverAction& spec);

}  // namespace policy

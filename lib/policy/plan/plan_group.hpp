// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "policy/plan/plan_context.hpp"

namespace policy {

/// A device of the group that no rule matches, and the member whose rule takes it along.
struct IncludedPeer {
    const sysfs::Device* device = nullptr;
    const Member* included_by = nullptr;
};

/// What a transaction that gives devices of a group to VFIO finds in the rest of that group.
struct Peers {
    std::vector<IncludedPeer> included;
    std::vector<Reason> reasons;  ///< group-not-viable and protected, one for each that blocks
};

/// Looks at every device of the unit's group. Nothing to be found when the unit has no group or
/// gives none of it to VFIO.
[[nodiscard]] Peers check_peers(const Unit& unit, const Decisions& decisions,
                                const sysfs::Inventory& inventory);

}  // namespace policy

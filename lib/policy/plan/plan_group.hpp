// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "policy/plan/plan_context.hpp"

namespace policy {

/// A device of the group that no rule matches, and the member whose rule includes it.
struct IncludedPeer {
    const sysfs::Device* device = nullptr;
    const Member* included_by = nullptr;
};

/// The rest of a group, for a transaction that binds devices of it to VFIO.
struct Peers {
    std::vector<IncludedPeer> included;
    std::vector<Reason> reasons;     ///< group-not-viable and protected, one for each that blocks
    std::vector<std::string> notes;  ///< what `whole` leaves out, a sentence each
};

/// The peers that were taken along for a member and that no member needs on VFIO any more.
[[nodiscard]] std::vector<const sysfs::Device*> peers_to_return(const Unit& unit,
                                                                const Decisions& decisions,
                                                                const sysfs::Inventory& inventory);

/// Checks every device of the unit's group. Empty when the unit has no group or binds none of it to
/// VFIO.
[[nodiscard]] Peers check_peers(const Unit& unit, const Decisions& decisions,
                                const sysfs::Inventory& inventory);

}  // namespace policy

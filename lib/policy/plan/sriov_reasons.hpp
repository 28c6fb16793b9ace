// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "policy/plan/plan_context.hpp"

namespace policy {

/// Why a PF cannot, or must not, change its number of VFs to `count`.
void add_sriov_reasons(const sysfs::Device& pf, std::uint32_t count, const Rule& rule,
                       const PlanContext& context, std::vector<Reason>& reasons);

/// The VFs of a PF, which disappear when the PF loses its driver.
void add_vfs_in_use(const sysfs::Device& pf, std::vector<Reason>& reasons);

}  // namespace policy

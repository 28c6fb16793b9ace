// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "policy/decide/candidate_resolver.hpp"
#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"

namespace policy {

/// The lines of udev rules that set ENV{.BINDD_AUTO} to the override of `driver: auto` for a PCI
/// device, or to nothing when it is unknown. `next` numbers the flags of the file and is
/// incremented.
[[nodiscard]] std::string udev_auto_rules(const PolicySet& set, const sysfs::Drivers& drivers,
                                          const sysfs::Host& host, unsigned& next);

/// The override for a candidate: the driver's name, or the module's while only that is known.
[[nodiscard]] std::string override_name(const ResolvedCandidate& candidate);

}  // namespace policy

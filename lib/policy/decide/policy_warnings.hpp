// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "policy/decide/decide.hpp"

namespace policy {

/// What in a valid set has no effect on this host, which is rarely what its author meant, in file
/// order: a rule that no device can match, one that matches no device here, one that other rules
/// leave nothing to decide, and a driver of a rule or of a variant that this kernel does not have.
/// `drivers` is from a scan with the set's required_facts(), and `decisions` was made of it.
[[nodiscard]] std::vector<Diagnostic> policy_warnings(const PolicySet& set,
                                                      const sysfs::Inventory& inventory,
                                                      const sysfs::Drivers& drivers,
                                                      const Decisions& decisions);

}  // namespace policy

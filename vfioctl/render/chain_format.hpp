// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/decide/driver_chain.hpp"

namespace vfioctl {

/// A candidate as users may name it: its driver, or its module while the driver's name is not
/// known.
[[nodiscard]] std::string candidate_name(const policy::ChainLink& link);
/// One aligned line per candidate: its name, its status, where it comes from, and why.
[[nodiscard]] std::vector<std::string> chain_lines(const policy::Chain& chain);

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <span>
#include <string>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// Visits each region of /proc/iomem: its name after those of the regions that it lies in,
/// outermost first, as {"PCI Bus 0000:00", "0000:00:16.0", "vesafb"}. The nesting is shown to every
/// user, unlike the addresses.
void visit_memory_map(const Root& root,
                      const std::function<void(std::span<const std::string> path)>& visit);

}  // namespace sysfs

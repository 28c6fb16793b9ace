// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the keyboards below the devices, if no keyboard is left without all of them.
void find_last_keyboards(const Root& root, std::span<UsageCheck> checks);

}  // namespace sysfs

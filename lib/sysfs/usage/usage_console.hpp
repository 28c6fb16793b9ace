// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/host/root.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the text console, the DRM master, an active screen or the kernel's serial console.
void find_console(const Root& root, UsageCheck& check);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

namespace vfioctl {

/// Is there one to open? Everything but the daemon can do without.
[[nodiscard]] bool has_libsystemd();

}  // namespace vfioctl

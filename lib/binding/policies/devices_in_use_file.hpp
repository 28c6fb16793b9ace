// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.hpp"
#include "binding/journal/state_dir.hpp"
#include "policy/plan/devices_in_use.hpp"

namespace binding {

/// The file that tells the next boot which devices the host uses; written by what applies all
/// policies to the running system. Of a file of another boot all uses are of an earlier one.
/// Absent: there is none. One that cannot be read or trusted, that is no such file, or that is on a
/// file system which is mounted later, is an error: any device may be in it.
[[nodiscard]] base::Result<policy::DevicesInUse> read_devices_in_use(const StateDir& state);

/// Replaces it where it differs; removes it when no device is in use. On return the change survives
/// a power failure.
[[nodiscard]] base::Result<void> write_devices_in_use(const StateDir& state,
                                                      const policy::DevicesInUse& in_use);

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/result.hpp"
#include "binding/mdevctl/mdev_context.hpp"

namespace binding {

/// Returns the UUID. All of it or nothing: an attribute that the device does not take removes it
/// again.
[[nodiscard]] base::Result<std::string> start_mdev(MdevContext& context,
                                                   const MdevArguments& arguments);
/// Refused while it is open: the kernel would wait for its holder.
[[nodiscard]] base::Result<void> stop_mdev(MdevContext& context, const std::string& uuid);
/// All that are defined with "start": "auto" on this parent and not active yet; each failure is a
/// warning.
[[nodiscard]] base::Result<void> start_parent_mdevs(MdevContext& context,
                                                    const std::string& parent);

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "base/result.hpp"
#include "binding/mdevctl/mdev_context.hpp"

namespace binding {

/// One entry of a list: a definition, or an active device.
struct ListedMdev {
    MdevDefinition definition;
    bool active = false;
    bool defined = false;
};

/// Sorted by parent and UUID.
[[nodiscard]] base::Result<std::vector<ListedMdev>> active_mdevs(MdevContext& context,
                                                                 const MdevFilter& filter);
[[nodiscard]] base::Result<std::vector<ListedMdev>> defined_mdevs(MdevContext& context,
                                                                  const MdevFilter& filter);

}  // namespace binding

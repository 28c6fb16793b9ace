// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "sysfs/root.hpp"

namespace binding {

/// Where the lock, the journal and the history live.
struct StateDir {
    std::string run = "/run/bindd";      ///< lock, journal: survives restarts, not reboots
    std::string lib = "/var/lib/bindd";  ///< history

    [[nodiscard]] static StateDir below(const sysfs::Root& root) {
        return {root.path("/run/bindd"), root.path("/var/lib/bindd")};
    }
};

}  // namespace binding

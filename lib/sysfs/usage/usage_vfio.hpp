// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// A process that has a VFIO device open or mapped, of which /proc does not tell which one it is.
struct AnonymousVfioUser {
    std::string text;  ///< "qemu (pid 712) has a VFIO device mapped"
    /// It has nodes of VFIO open as well, which are what it has probably come by the device with.
    bool has_vfio_node = false;
};

/// Adds the users of the VFIO group of a device of which no process has a node open.
void find_anonymous_vfio_use(const Root& root, std::span<const AnonymousVfioUser> users,
                             UsageCheck& check);

}  // namespace sysfs

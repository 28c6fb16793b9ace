// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/device_subtree.hpp"

namespace sysfs {

/// A user of a disk, or of a file on one, inside the kernel that claims nothing and is in no list
/// of holders: a loop device, or an exporter (nvmet, LIO, USB gadgets).
struct KernelUser {
    std::string text;  ///< "loop0", "nvmet namespace nqn.x/namespaces/1"
    std::string path;  ///< what it has open, as the kernel or the administrator names it
    std::string disk;  ///< the block device that it makes of it; empty for an exporter
    std::optional<NodeNumber> node;         ///< the device node that it has open
    std::optional<NodeNumber> file_system;  ///< the device number of the file that it has open
    const char* use = "the kernel serves it to others";  ///< of an exporter
    const char* verb = "serves";
};

struct KernelUsers {
    std::vector<KernelUser> users;
    std::vector<std::string> unknown;  ///< what could not be read
};

[[nodiscard]] KernelUsers read_kernel_users(const Root& root);

}  // namespace sysfs

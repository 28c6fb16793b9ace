// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace sysfs {

/// The directory that has a host's /sys, /proc, /etc, /run, /dev and /lib/modules: "" for this
/// machine, another for a captured host. It is a parameter of every reader; there is no global
/// root.
struct Root {
    std::string prefix;

    /// `absolute` ("/sys/bus/pci") below this root.
    [[nodiscard]] std::string path(std::string_view absolute) const {
        return prefix + std::string(absolute);
    }
    [[nodiscard]] bool is_live() const { return prefix.empty(); }
};

}  // namespace sysfs

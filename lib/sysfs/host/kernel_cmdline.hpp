// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// Does a kernel command line say `bindd.disable`, alone or with any value but a no (0, no, off,
/// false)? What runs at boot then leaves every device as it is: the way out for a host that its
/// policies have locked up.
[[nodiscard]] bool is_disabled_on_cmdline(std::string_view command_line);
/// The same of /proc/cmdline. One that cannot be read says nothing.
[[nodiscard]] bool is_disabled_on_cmdline(const Root& root);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>

#include "sysfs/kernel/kernel.hpp"

namespace bindd {

/// Looking at the host happens in a process that can be lost: reading a device hangs while an
/// unbind of it does. One request is "VERB\tPART..."; what was found goes out as "KIND\tJSON" lines
/// before the answer, which is
/// "=" or "=!ERROR".
///   look WANTED        → device..., around, drivers
///   read IDS WANTED WHAT → device..., around (the devices' groups only); drivers too when WHAT is
///   "drivers" usage DEVICE...    → usage
[[nodiscard]] std::string read_host(sysfs::Kernel& kernel, const std::string& request,
                                    const std::function<void(const std::string&)>& emit);

}  // namespace bindd

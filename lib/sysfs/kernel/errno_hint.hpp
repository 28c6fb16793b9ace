// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/dir.hpp"

namespace sysfs {

/// What to do about a refused write, one line, from its errno and a look at the device: the kernel
/// answers a dozen different mistakes with EINVAL, EBUSY and ENODEV. Empty when there is nothing to
/// say.
[[nodiscard]] std::string bind_hint(const base::Dir& device, const std::string& driver, int errnum);
[[nodiscard]] std::string vfs_hint(const base::Dir& device, int errnum);
[[nodiscard]] std::string attr_hint(const std::string& attr, int errnum);
[[nodiscard]] std::string mdev_hint(int errnum);

}  // namespace sysfs

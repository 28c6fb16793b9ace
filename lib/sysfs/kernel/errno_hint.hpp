// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/dir.hpp"

namespace sysfs {

/// A hint for a refused write, one line, from its errno and the device's attributes: the kernel
/// returns EINVAL, EBUSY and ENODEV for a dozen different causes. Empty when there is no hint.
[[nodiscard]] std::string bind_hint(const base::Dir& device, const std::string& driver, int errnum);
[[nodiscard]] std::string vfs_hint(const base::Dir& device, int errnum);
[[nodiscard]] std::string attr_hint(const std::string& attr, int errnum);
[[nodiscard]] std::string mdev_hint(int errnum);

}  // namespace sysfs

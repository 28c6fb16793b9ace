// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.hpp"

namespace sysfs {

/// Call before any function of libkmod. `vfioctl list` needs none of them, and loading libkmod with
/// libcrypto took four fifths of its start: with BINDD_DLOPEN=ON it is opened at the first use,
/// else it is linked. kUnsupported when it is not installed.
[[nodiscard]] base::Result<void> require_kmod();

}  // namespace sysfs

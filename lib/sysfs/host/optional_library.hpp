// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.hpp"

namespace sysfs {

/// Libraries that only a part of the commands needs. `vfioctl list` needs none of them, and loading
/// libkmod with libcrypto took four fifths of its start. With BINDD_DLOPEN=ON they are opened at
/// the first use, else they are linked.
enum class OptionalLibrary { kKmod, kMount, kBlkid };

/// Call before any function of the library. kUnsupported when it is not installed.
[[nodiscard]] base::Result<void> require_library(OptionalLibrary library);

}  // namespace sysfs

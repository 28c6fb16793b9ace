// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// The algorithms of the kernel's crypto API that the device's driver serves and somebody uses:
/// "qat_aes_xts (2 users)".
[[nodiscard]] std::vector<std::string> used_crypto_algorithms(const Root& root,
                                                              const Device& device);

}  // namespace sysfs

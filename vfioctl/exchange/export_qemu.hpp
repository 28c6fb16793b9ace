// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/failure.hpp"
#include "vfioctl/exchange/export_source.hpp"

namespace vfioctl {

/// QEMU's arguments, each option followed by its value.
[[nodiscard]] CliResult<std::vector<std::string>> qemu_arguments(
    const std::vector<ExportDevice>& exports, ExportBackend backend);

}  // namespace vfioctl

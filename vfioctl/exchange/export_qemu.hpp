// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/failure.hpp"
#include "vfioctl/exchange/export_source.hpp"

namespace vfioctl {

/// The highest PCI domain that QEMU takes in `host=` (set_pci_host_devaddr()): Intel's VMD and
/// Hyper-V count from 10000.
constexpr std::uint32_t kHighestQemuDomain = 0xffff;

/// Why QEMU could not use the device as it is; empty: it can. vfio_get_group() opens /dev/vfio/N of
/// an IOMMU group alone.
[[nodiscard]] std::string qemu_warning(const ExportDevice& exported);

/// QEMU's arguments, each option followed by its value.
[[nodiscard]] CliResult<std::vector<std::string>> qemu_arguments(
    const std::vector<ExportDevice>& exports, ExportBackend backend);

}  // namespace vfioctl

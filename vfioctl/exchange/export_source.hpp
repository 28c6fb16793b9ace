// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/group.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// A device that some consumer is to be told of.
struct ExportDevice {
    const sysfs::Device& device;
    std::optional<std::string>
        driver;            ///< the VFIO driver that it is on, or that the policies want for it
    std::string mdev_api;  ///< "vfio-pci", "vfio-ccw", "vfio-ap"; empty: no mdev, or not known

    [[nodiscard]] bool is_mdev() const { return device.mdev.has_value(); }
};

/// How a consumer gets at the device: through /dev/vfio/GROUP and /dev/vfio/vfio, or through its
/// cdev and /dev/iommu.
enum class ExportBackend { kGroup, kIommufd };

/// libvirt's <hostdev>, managed='no': who binds the device is vfioctl. kFailed for what libvirt has
/// no hostdev for.
[[nodiscard]] CliResult<std::string> libvirt_hostdev(const ExportDevice& exported);

/// QEMU's arguments, an option with its value each.
[[nodiscard]] CliResult<std::vector<std::string>> qemu_arguments(
    const std::vector<ExportDevice>& exports, ExportBackend backend);

/// A CDI specification of these devices, which must be VFIO's now: it names their nodes. `kind` is
/// "vendor.tld/class". Its version is the lowest that knows what is used in it.
[[nodiscard]] CliResult<nlohmann::ordered_json> cdi_spec(const std::vector<ExportDevice>& exports,
                                                         const std::string& kind,
                                                         std::optional<ExportBackend> backend);
[[nodiscard]] bool is_cdi_kind(const std::string& kind);

}  // namespace vfioctl

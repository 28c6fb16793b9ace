// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"

/// Virtual GPUs without mdev: since vGPU 17, on GPUs from Ada on, NVIDIA's driver makes one of a VF
/// by a number that is written to an attribute of the VF ("1145"; 0 takes it away). The VF stays on
/// that driver, which registers the VFIO device itself. A type is called "nvidia-1145" here, as it
/// was when mdev had it.
namespace sysfs {

inline constexpr std::string_view kVgpuTypeAttr = "nvidia/current_vgpu_type";
inline constexpr std::string_view kNoVgpu = "0";

/// Nothing where the device has no such attribute.
[[nodiscard]] std::optional<VgpuState> read_vgpu(const DeviceDir& device);
/// What it could become now; none while it is one.
[[nodiscard]] std::vector<MdevType> read_vgpu_types(const DeviceDir& device);

/// "nvidia-1145" as "1145"; nothing for a name of another kind.
[[nodiscard]] std::optional<std::string> parse_vgpu_type(std::string_view type);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"

/// Virtual GPUs without mdev: since vGPU 17, on GPUs from Ada on, NVIDIA's driver makes one of a VF
/// when a type number is written to an attribute of the VF ("1145"; 0 removes it). The VF stays on
/// that driver, which registers the VFIO device itself. Types are named "nvidia-1145", as with
/// mdev.
namespace sysfs {

inline constexpr std::string_view kVgpuTypeAttr = "nvidia/current_vgpu_type";
inline constexpr std::string_view kNoVgpu = "0";

/// Nothing where the device has no such attribute.
[[nodiscard]] std::optional<VgpuState> read_vgpu(const DeviceDir& device);
/// The types that can be set now; none while one is set.
[[nodiscard]] std::vector<MdevType> read_vgpu_types(const DeviceDir& device);

/// "nvidia-1145" as "1145"; nothing for a name of another kind.
[[nodiscard]] std::optional<std::string> parse_vgpu_type(std::string_view type);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "vfio/abi/hwpt.hpp"
#include "vfio/ioas.hpp"

namespace vfio {

/// What the IOMMU behind a device bound to an iommufd is and can do.
struct HardwareInfo {
    abi::HwInfoType type = abi::HwInfoType::kNone;
    std::uint64_t capabilities = 0;  ///< abi::kHwCap*
    unsigned pasid_bits = 0;         ///< 0: no PASIDs
    std::vector<std::byte> data;     ///< the type's own structure, as long as this kernel's is

    template <typename T>
    [[nodiscard]] std::optional<T> as() const {
        if (data.size() < sizeof(T))
            return std::nullopt;
        T out;
        std::memcpy(&out, data.data(), sizeof out);
        return out;
    }
};

/// Asks for `type`, or for the default one of the hardware. kNotFound: the device has no IOMMU of
/// its own (an mdev), so it takes no page table either; kUnsupported: the type is not this
/// hardware's.
[[nodiscard]] VFIO_EXPORT Result<HardwareInfo> hardware_info(
    IommuContext& iommu, std::uint32_t device_id, abi::HwInfoType type = abi::HwInfoType::kNone);

}  // namespace vfio

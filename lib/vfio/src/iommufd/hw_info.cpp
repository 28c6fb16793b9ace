// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/hw_info.hpp"

#include <algorithm>
#include <cerrno>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

Result<HardwareInfo> hardware_info(IommuContext& iommu, std::uint32_t device_id,
                                   abi::HwInfoType type) {
    // Larger than any of the structures. The kernel reports its own size; a larger one needs a
    // second call.
    HardwareInfo out;
    out.data.resize(128);
    for (int round = 0; round < 2; ++round) {
        abi::HwInfo info{.size = sizeof info,
                         .flags = type == abi::HwInfoType::kNone ? 0 : abi::kHwInfoInputType,
                         .dev_id = device_id,
                         .data_len = static_cast<std::uint32_t>(out.data.size()),
                         .data_uptr = reinterpret_cast<std::uint64_t>(out.data.data()),
                         .data_type = static_cast<std::uint32_t>(type),
                         .out_max_pasid_log2 = 0,
                         .reserved = {},
                         .out_capabilities = 0};
        const int answer = iommu.call(abi::IommuCall::kGetHwInfo, &info);
        if (answer < 0)
            return fail_call(
                -answer, "get IOMMU hardware info", "iommufd device " + std::to_string(device_id),
                answer == -ENOENT ? "the device has no IOMMU of its own (an mdev)" : "");
        out.type = static_cast<abi::HwInfoType>(info.data_type);
        out.capabilities = info.out_capabilities;
        out.pasid_bits = info.out_max_pasid_log2;
        const bool complete = info.data_len <= out.data.size();
        out.data.resize(std::min<std::size_t>(info.data_len, 1U << 20));
        if (complete)
            return out;
    }
    return out;
}

}  // namespace vfio

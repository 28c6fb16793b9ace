// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/viommu.hpp"

#include <cerrno>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

Result<Viommu> Viommu::allocate(SharedIommu iommu, abi::ViommuType type, std::uint32_t device_id,
                                std::uint32_t nest_parent_id, std::span<std::byte> data) {
    abi::ViommuAlloc alloc{
        .size =
            data.empty() ? abi::kViommuAllocSmallSize : static_cast<std::uint32_t>(sizeof alloc),
        .flags = 0,
        .type = static_cast<std::uint32_t>(type),
        .dev_id = device_id,
        .hwpt_id = nest_parent_id,
        .out_viommu_id = 0,
        .data_len = static_cast<std::uint32_t>(data.size()),
        .reserved = 0,
        .data_uptr = data.empty() ? 0 : reinterpret_cast<std::uint64_t>(data.data())};
    const int answer = iommu->call(abi::IommuCall::kViommuAlloc, &alloc);
    if (answer < 0)
        return fail_call(
            -answer, "allocate a virtual IOMMU", "iommufd device " + std::to_string(device_id),
            answer == -ENOTTY       ? "virtual IOMMUs came with Linux 6.13"
            : answer == -EOPNOTSUPP ? "this IOMMU, or this kernel, has none of that type"
            : answer == -EINVAL     ? "the page table must be a nest parent"
                                    : "");
    return Viommu(IommuObject(std::move(iommu), alloc.out_viommu_id));
}

Result<Vdevice> Viommu::add_device(std::uint32_t device_id, std::uint64_t virtual_id) const {
    abi::VdeviceAlloc alloc{.size = sizeof alloc,
                            .viommu_id = id(),
                            .dev_id = device_id,
                            .out_vdevice_id = 0,
                            .virt_id = virtual_id};
    const int answer = object_.iommu()->call(abi::IommuCall::kVdeviceAlloc, &alloc);
    if (answer < 0)
        return fail_call(-answer, "add virtual device " + hex_text(virtual_id), object(),
                         answer == -EEXIST ? "the id, or the device, has one already" : "");
    return Vdevice(IommuObject(object_.iommu(), alloc.out_vdevice_id));
}

Result<VeventQueue> Viommu::add_event_queue(std::uint32_t type, std::uint32_t depth) const {
    abi::VeventqAlloc alloc{.size = sizeof alloc,
                            .flags = 0,
                            .viommu_id = id(),
                            .type = type,
                            .veventq_depth = depth,
                            .out_veventq_id = 0,
                            .out_veventq_fd = 0,
                            .reserved = 0};
    const int answer = object_.iommu()->call(abi::IommuCall::kVeventqAlloc, &alloc);
    if (answer < 0)
        return fail_call(-answer, "add an event queue", object(),
                         answer == -ENOTTY   ? "event queues came with Linux 6.15"
                         : answer == -EEXIST ? "it has one of this type"
                                             : "");
    return VeventQueue{IommuObject(object_.iommu(), alloc.out_veventq_id),
                       QueueFd(UniqueFd(static_cast<int>(alloc.out_veventq_fd)))};
}

Result<HwQueue> Viommu::add_hw_queue(abi::HwQueueType type, std::uint32_t index, std::uint64_t iova,
                                     std::uint64_t length) const {
    abi::HwQueueAlloc alloc{.size = sizeof alloc,
                            .flags = 0,
                            .viommu_id = id(),
                            .type = static_cast<std::uint32_t>(type),
                            .index = index,
                            .out_hw_queue_id = 0,
                            .nesting_parent_iova = iova,
                            .length = length};
    const int answer = object_.iommu()->call(abi::IommuCall::kHwQueueAlloc, &alloc);
    if (answer < 0)
        return fail_call(-answer, "add hardware queue " + std::to_string(index), object(),
                         answer == -ENOTTY   ? "hardware queues came with Linux 6.17"
                         : answer == -ENOENT ? "its memory is not mapped in the nest parent"
                                             : "");
    return HwQueue(IommuObject(object_.iommu(), alloc.out_hw_queue_id));
}

}  // namespace vfio

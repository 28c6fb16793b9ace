// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fake_iommufd.hpp"

using namespace vfio::abi;
using vfio::IovaRange;

namespace {

template <typename T>
int receive(void* argument, T& out, std::size_t least) {
    std::uint32_t size = 0;
    std::memcpy(&size, argument, sizeof size);
    if (size < least)
        return -EINVAL;
    out = T{};
    std::memcpy(&out, argument, std::min<std::size_t>(size, sizeof out));
    return 0;
}

template <typename T>
void give(void* argument, const T& out) {
    std::uint32_t size = 0;
    std::memcpy(&size, argument, sizeof size);
    std::memcpy(argument, &out, std::min<std::size_t>(size, sizeof out));
}

}  // namespace

int FakeIommufd::bind(int device_fd, const Hardware& hardware) {
    for (const auto& [id, object] : objects)
        if (object.device_fd == device_fd)
            return -EINVAL;
    const std::uint32_t id = add({.type = hardware.emulated ? Type::kAccess : Type::kDevice});
    objects.at(id).device_fd = device_fd;
    hardware_[id] = hardware;
    return static_cast<int>(id);
}

/// Whose mappings a page table shows: a nested one's parent's, through a vIOMMU or not.
std::uint32_t FakeIommufd::ioas_of(std::uint32_t table) const {
    while (objects.at(table).type != Type::kIoas)
        table = objects.at(table).parent;
    return table;
}

/// To an IOAS (a page table is made, or found, by itself) or to a page table made by hand.
int FakeIommufd::attach(std::uint32_t device, std::uint32_t& table) {
    const auto found = objects.find(table);
    if (found == objects.end())
        return -ENOENT;
    const Hardware& hardware = hardware_.at(device);
    const bool by_hand = found->second.type == Type::kHwpt;
    if (!by_hand && found->second.type != Type::kIoas)
        return -EINVAL;
    if (by_hand && hardware.emulated)
        return -ENOENT;
    Object& ioas = objects.at(ioas_of(table));
    if (!hardware.emulated) {
        for (const auto& [iova, dma] : ioas.maps)
            if (std::none_of(hardware.usable.begin(), hardware.usable.end(), [&](const auto& each) {
                    return each.contains({iova, iova + (dma.length - 1)});
                }))
                return -EADDRINUSE;
        for (const auto& range : ioas.allowed)
            if (std::none_of(hardware.usable.begin(), hardware.usable.end(),
                             [&](const auto& each) { return each.contains(range); }))
                return -EADDRINUSE;
        ioas.usable[device] = hardware.usable;
    }
    ++found->second.users;
    if (const auto old = objects.find(objects.at(device).attached_to); old != objects.end()) {
        --old->second.users;
        if (ioas_of(old->first) != ioas_of(table))
            objects.at(ioas_of(old->first)).usable.erase(device);
    }
    objects.at(device).attached_to = table;
    // The automatic page table is an object of its own; its number is only an answer here.
    table = by_hand || hardware.emulated ? table : 1000 + device;
    return 0;
}

int FakeIommufd::detach(std::uint32_t device) {
    Object& object = objects.at(device);
    const auto table = objects.find(object.attached_to);
    if (table == objects.end())
        return 0;
    --table->second.users;
    objects.at(ioas_of(object.attached_to)).usable.erase(device);
    object.attached_to = 0;
    return 0;
}

void FakeIommufd::unbind(std::uint32_t device) {
    static_cast<void>(detach(device));
    objects.erase(device);
    hardware_.erase(device);
}

int FakeIommufd::hwpt_alloc(void* argument) {
    HwptAlloc alloc;
    if (const int bad = receive(argument, alloc, kHwptAllocSmallSize))
        return bad;
    if ((alloc.flags & ~15U) != 0)
        return -EOPNOTSUPP;
    if (find(alloc.dev_id, Type::kDevice) == nullptr)
        return -ENOENT;  // an mdev's id is of another type
    const Hardware& hardware = hardware_.at(alloc.dev_id);
    if ((alloc.flags & kHwptFaultIdValid) != 0) {
        if ((alloc.flags & kHwptNestParent) != 0)
            return -EOPNOTSUPP;
        if (find(alloc.fault_id, Type::kFault) == nullptr)
            return -ENOENT;
    }
    const auto parent = objects.find(alloc.pt_id);
    if (parent == objects.end())
        return -ENOENT;
    if (parent->second.type == Type::kIoas) {
        if (alloc.data_type != 0 || alloc.data_len != 0)
            return -EINVAL;
        if ((alloc.flags & kHwptNestParent) != 0 && !hardware.nests)
            return -EOPNOTSUPP;
        if ((alloc.flags & kHwptDirtyTracking) != 0 &&
            (hardware.capabilities & kHwCapDirtyTracking) == 0)
            return -EOPNOTSUPP;
    } else {
        if (alloc.data_type == 0 ||
            (parent->second.type == Type::kHwpt && (parent->second.flags & kHwptNestParent) == 0))
            return -EINVAL;
        if (alloc.data_type != static_cast<std::uint32_t>(hardware.type))
            return -EOPNOTSUPP;
    }
    alloc.out_hwpt_id = add({.type = Type::kHwpt, .parent = alloc.pt_id});
    objects.at(alloc.out_hwpt_id).flags = alloc.flags;
    give(argument, alloc);
    return 0;
}

int FakeIommufd::hw_info(void* argument) {
    HwInfo info;
    if (const int bad = receive(argument, info, 32))
        return bad;
    if (find(info.dev_id, Type::kDevice) == nullptr)
        return -ENOENT;
    const Hardware& hardware = hardware_.at(info.dev_id);
    if ((info.flags & kHwInfoInputType) != 0 &&
        info.data_type != static_cast<std::uint32_t>(hardware.type))
        return -EOPNOTSUPP;
    const HwInfoVtd vtd{.flags = 1, .reserved = 0, .cap_reg = 0x12, .ecap_reg = 0x34};
    auto* data = reinterpret_cast<std::byte*>(info.data_uptr);
    std::fill(data, data + info.data_len, std::byte{0});
    std::memcpy(data, &vtd, std::min<std::size_t>(info.data_len, sizeof vtd));
    info.data_len = sizeof vtd;
    info.data_type = static_cast<std::uint32_t>(hardware.type);
    info.out_capabilities = hardware.capabilities;
    give(argument, info);
    return 0;
}

int FakeIommufd::set_dirty(void* argument) {
    HwptSetDirtyTracking set;
    if (const int bad = receive(argument, set, sizeof set))
        return bad;
    Object* hwpt = find(set.hwpt_id, Type::kHwpt);
    if (hwpt == nullptr)
        return -ENOENT;
    if ((hwpt->flags & kHwptDirtyTracking) == 0)
        return -EOPNOTSUPP;
    hwpt->dirty_on = set.flags == kDirtyTrackingEnable;
    return 0;
}

int FakeIommufd::get_dirty(void* argument) {
    HwptGetDirtyBitmap get;
    if (const int bad = receive(argument, get, sizeof get))
        return bad;
    Object* hwpt = find(get.hwpt_id, Type::kHwpt);
    if (hwpt == nullptr)
        return -ENOENT;
    if (!hwpt->dirty_on || get.page_size < 4096 || ((get.iova | get.length) & (get.page_size - 1)))
        return -EINVAL;
    auto* bits = reinterpret_cast<std::uint64_t*>(get.data);
    for (const std::uint64_t iova : dirty_)
        if (iova >= get.iova && iova - get.iova < get.length) {
            const std::uint64_t bit = (iova - get.iova) / get.page_size;
            bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
        }
    if (get.flags == 0)
        dirty_.clear();
    return 0;
}

/// An entry whose first byte is 0xff is a bad one.
int FakeIommufd::invalidate(void* argument) {
    HwptInvalidate request;
    if (const int bad = receive(argument, request, sizeof request))
        return bad;
    if (!objects.contains(request.hwpt_id))
        return -ENOENT;
    if (request.data_type != 0)
        return -EOPNOTSUPP;
    const auto* entries = reinterpret_cast<const unsigned char*>(request.data_uptr);
    const std::uint32_t count = request.entry_num;
    for (request.entry_num = 0; request.entry_num < count; ++request.entry_num)
        if (entries[request.entry_num * request.entry_len] == 0xff)
            break;
    give(argument, request);
    return request.entry_num == count ? 0 : -EINVAL;
}

int FakeIommufd::queue(void* argument) {
    FaultQueueAlloc alloc;
    if (const int bad = receive(argument, alloc, sizeof alloc))
        return bad;
    alloc.out_fault_id = add({.type = Type::kFault});
    alloc.out_fault_fd = static_cast<std::uint32_t>(::memfd_create("faults", MFD_CLOEXEC));
    give(argument, alloc);
    return 0;
}

int FakeIommufd::viommu(void* argument) {
    ViommuAlloc alloc;
    if (const int bad = receive(argument, alloc, kViommuAllocSmallSize))
        return bad;
    const Object* hwpt = find(alloc.hwpt_id, Type::kHwpt);
    if (find(alloc.dev_id, Type::kDevice) == nullptr || hwpt == nullptr)
        return -ENOENT;
    const bool smmu = alloc.type == static_cast<std::uint32_t>(ViommuType::kArmSmmuv3);
    const bool cmdqv = alloc.type == static_cast<std::uint32_t>(ViommuType::kTegra241Cmdqv);
    if (hardware_.at(alloc.dev_id).type != HwInfoType::kArmSmmuv3 || (!smmu && !cmdqv))
        return -EOPNOTSUPP;
    if (cmdqv) {
        ViommuTegra241Cmdqv data{.out_vintf_mmap_offset = 0x10000, .out_vintf_mmap_length = 0x20000};
        if (alloc.data_len < sizeof data || alloc.data_uptr == 0)
            return -EINVAL;
        std::memcpy(reinterpret_cast<void*>(alloc.data_uptr), &data, sizeof data);
    }
    if ((hwpt->flags & kHwptNestParent) == 0)
        return -EINVAL;
    alloc.out_viommu_id = add({.type = Type::kViommu, .parent = alloc.hwpt_id});
    give(argument, alloc);
    return 0;
}

int FakeIommufd::vdevice(void* argument) {
    VdeviceAlloc alloc;
    if (const int bad = receive(argument, alloc, sizeof alloc))
        return bad;
    if (find(alloc.viommu_id, Type::kViommu) == nullptr ||
        find(alloc.dev_id, Type::kDevice) == nullptr)
        return -ENOENT;
    if (!virtual_ids_.emplace(alloc.viommu_id, alloc.virt_id).second)
        return -EEXIST;
    alloc.out_vdevice_id = add({.type = Type::kVdevice, .parent = alloc.viommu_id});
    give(argument, alloc);
    return 0;
}

int FakeIommufd::veventq(void* argument) {
    VeventqAlloc alloc;
    if (const int bad = receive(argument, alloc, sizeof alloc))
        return bad;
    if (find(alloc.viommu_id, Type::kViommu) == nullptr)
        return -ENOENT;
    if (alloc.veventq_depth == 0)
        return -EINVAL;
    for (const auto& [id, object] : objects)
        if (object.type == Type::kVeventq && object.parent == alloc.viommu_id &&
            object.flags == alloc.type)
            return -EEXIST;
    alloc.out_veventq_id = add({.type = Type::kVeventq, .parent = alloc.viommu_id});
    objects.at(alloc.out_veventq_id).flags = alloc.type;
    alloc.out_veventq_fd = static_cast<std::uint32_t>(::memfd_create("events", MFD_CLOEXEC));
    give(argument, alloc);
    return 0;
}

int FakeIommufd::hw_queue(void* argument) {
    HwQueueAlloc alloc;
    if (const int bad = receive(argument, alloc, sizeof alloc))
        return bad;
    if (find(alloc.viommu_id, Type::kViommu) == nullptr)
        return -ENOENT;
    if (alloc.type != 1)
        return -EOPNOTSUPP;
    const auto memory = objects.at(objects.at(objects.at(alloc.viommu_id).parent).parent).maps;
    const auto mapped = memory.find(alloc.nesting_parent_iova);
    if (mapped == memory.end() || mapped->second.length < alloc.length)
        return -ENOENT;
    held_.insert(alloc.nesting_parent_iova);
    alloc.out_hw_queue_id = add({.type = Type::kHwQueue, .parent = alloc.viommu_id});
    give(argument, alloc);
    return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/hwpt.hpp"

#include <cerrno>

#include "vfio/pasid.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

/// The smallest structure that carries the options. Kernels accept a longer structure than their
/// own if the rest is zero, but the shorter one works everywhere.
std::uint32_t size_for(const Hwpt::AllocOptions& options) {
    if (options.fault_id)
        return sizeof(abi::HwptAlloc);
    return options.type != abi::HwptData::kNone ? abi::kHwptAllocNoFaultSize
                                                : abi::kHwptAllocSmallSize;
}

const char* page_table_hint(int errnum, const Hwpt::AllocOptions& options) {
    switch (errnum) {
        case EOPNOTSUPP:
            return (options.flags & abi::kHwptNestParent) != 0
                       ? "this IOMMU, or this kernel, cannot nest page tables"
                   : (options.flags & abi::kHwptDirtyTracking) != 0
                       ? "this IOMMU does not track dirty pages"
                       : "this IOMMU does not have the type or flag";
        case ENOENT:
            return "the device has no IOMMU of its own (an mdev): attach it to the address space";
        case EINVAL:
            return options.type != abi::HwptData::kNone
                       ? "the parent must be a NEST_PARENT page "
                         "table allocated explicitly, and the data of "
                         "the right length"
                       : "";
        default:
            return "";
    }
}

/// A kernel that does not know the flag refuses it with EINVAL, as one that knows it does with a
/// page table that does not fit.
constexpr ErrnoHint kPasidHints[] = {
    {EOPNOTSUPP, "the device's driver does not take PASIDs"},
    {EINVAL,
     "the page table of the device must be made for PASIDs, and the kernel be 6.15 or later"},
};

}  // namespace

Result<Hwpt> Hwpt::allocate(SharedIommu iommu, const AllocOptions& options) {
    abi::HwptAlloc alloc{.size = size_for(options),
                         .flags = options.flags | (options.fault_id ? abi::kHwptFaultIdValid : 0),
                         .dev_id = options.device_id,
                         .pt_id = options.parent_id,
                         .out_hwpt_id = 0,
                         .reserved = 0,
                         .data_type = static_cast<std::uint32_t>(options.type),
                         .data_len = static_cast<std::uint32_t>(options.data.size()),
                         .data_uptr = options.data.empty()
                                          ? 0
                                          : reinterpret_cast<std::uint64_t>(options.data.data()),
                         .fault_id = options.fault_id.value_or(0),
                         .reserved2 = 0};
    const int answer = iommu->call(abi::IommuCall::kHwptAlloc, &alloc);
    if (answer < 0)
        return fail_call(-answer, "allocate a page table",
                         "iommufd device " + std::to_string(options.device_id),
                         page_table_hint(-answer, options));
    return Hwpt(IommuObject(std::move(iommu), alloc.out_hwpt_id));
}

Result<std::uint32_t> attach_page_table(Calls& calls, const DeviceFd& device,
                                        const std::string& name, std::uint32_t page_table_id) {
    abi::AttachIommufdPt attach{
        .argsz = abi::kAttachIommufdPtSmallSize, .flags = 0, .pt_id = page_table_id, .pasid = 0};
    const int answer = device_call(calls, device, abi::DeviceCall::kAttachIommufdPt, &attach);
    if (answer < 0)
        return fail_call(-answer, "attach to an address space", name,
                         answer == -EBUSY    ? "the device is being reset"
                         : answer == -EINVAL ? "its IOMMU does not take this page table"
                         : answer == -ENOENT
                             ? "there is no such address space in the iommufd it is "
                               "bound to, or it takes no explicit page table (an mdev)"
                             : attach_hint(-answer));
    return attach.pt_id;
}

Result<void> Hwpt::set_dirty_tracking(Tracking tracking) const {
    abi::HwptSetDirtyTracking set{
        .size = sizeof set,
        .flags = tracking == Tracking::kOn ? abi::kDirtyTrackingEnable : 0,
        .hwpt_id = id(),
        .reserved = 0};
    const int answer = object_.iommu()->call(abi::IommuCall::kHwptSetDirtyTracking, &set);
    return check_answer(answer, "switch dirty tracking", "HWPT " + std::to_string(id()),
                        answer == -EOPNOTSUPP ? "it was not allocated for dirty tracking" : "");
}

Result<void> Hwpt::read_dirty(const IovaRange& range, std::uint64_t page_size,
                              std::span<std::uint64_t> bitmap, Clear clear) const {
    abi::HwptGetDirtyBitmap get{.size = sizeof get,
                                .hwpt_id = id(),
                                .flags = clear == Clear::kNo ? abi::kDirtyBitmapNoClear : 0,
                                .reserved = 0,
                                .iova = range.first,
                                .length = range.length(),
                                .page_size = page_size,
                                .data = reinterpret_cast<std::uint64_t>(bitmap.data())};
    const int answer = object_.iommu()->call(abi::IommuCall::kHwptGetDirtyBitmap, &get);
    return check_answer(answer, "read dirty pages of " + text(range),
                        "HWPT " + std::to_string(id()),
                        answer == -EINVAL ? "tracking must be on, and the range whole pages of a "
                                            "size that the page table has"
                                          : "");
}

Result<std::uint32_t> Hwpt::invalidate(abi::InvalidateData type, std::span<const std::byte> entries,
                                       std::uint32_t entry_length) const {
    return vfio::invalidate(*object_.iommu(), id(), type, entries, entry_length);
}

Result<std::uint32_t> invalidate(IommuContext& iommu, std::uint32_t id, abi::InvalidateData type,
                                 std::span<const std::byte> entries, std::uint32_t entry_length) {
    const std::string object = "iommufd object " + std::to_string(id);
    if (!entries.empty() && (entry_length == 0 || entries.size() % entry_length != 0))
        return fail_call(EINVAL, "invalidate caches", object, "not a whole number of entries");
    const std::size_t count = entries.empty() ? 0 : entries.size() / entry_length;
    if (count > 1U << 19)
        return fail_call(EINVAL, "invalidate caches", object, "at most 524288 requests a call");
    abi::HwptInvalidate request{
        .size = sizeof request,
        .hwpt_id = id,
        .data_uptr = count == 0 ? 0 : reinterpret_cast<std::uint64_t>(entries.data()),
        .data_type = static_cast<std::uint32_t>(type),
        .entry_len = entry_length,
        .entry_num = static_cast<std::uint32_t>(count),
        .reserved = 0};
    const int answer = iommu.call(abi::IommuCall::kHwptInvalidate, &request);
    if (answer < 0)
        return fail_call(-answer, "invalidate caches", object,
                         count == 0 ? "the type is not supported"
                                    : std::to_string(request.entry_num) + " of " +
                                          std::to_string(count) + " were handled");
    return request.entry_num;
}

Result<std::uint32_t> attach_pasid(Calls& calls, const DeviceFd& device, const std::string& name,
                                   std::uint32_t pasid, std::uint32_t page_table_id) {
    abi::AttachIommufdPt attach{
        .argsz = sizeof attach, .flags = abi::kAttachPasid, .pt_id = page_table_id, .pasid = pasid};
    const int answer = device_call(calls, device, abi::DeviceCall::kAttachIommufdPt, &attach);
    if (answer < 0)
        return fail_call(-answer, "attach PASID " + std::to_string(pasid), name,
                         find_hint(kPasidHints, -answer));
    return attach.pt_id;
}

Result<void> detach_pasid(Calls& calls, const DeviceFd& device, const std::string& name,
                          std::uint32_t pasid) {
    abi::DetachIommufdPt detach{.argsz = sizeof detach, .flags = abi::kDetachPasid, .pasid = pasid};
    const int answer = device_call(calls, device, abi::DeviceCall::kDetachIommufdPt, &detach);
    return check_answer(answer, "detach PASID " + std::to_string(pasid), name,
                        find_hint(kPasidHints, -answer));
}

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/pasid.hpp"

#include <cerrno>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

/// A kernel that does not know the flag refuses it with EINVAL, as one that knows it does with a
/// page table that does not fit.
constexpr ErrnoHint kPasidHints[] = {
    {EOPNOTSUPP, "the device's driver does not take PASIDs"},
    {EINVAL,
     "the page table of the device must be made for PASIDs, and the kernel be 6.15 or later"},
};

}  // namespace

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

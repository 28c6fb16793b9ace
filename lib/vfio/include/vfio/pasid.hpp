// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "vfio/calls.hpp"
#include "vfio/export.hpp"

namespace vfio {

/// Attaches one PASID of a device to an IOAS or HWPT, or moves it to another in one step; the
/// answer is the HWPT in use. The device itself has to be on a page table made with
/// abi::kHwptPasid, else EINVAL. kUnsupported: no PASIDs, or a kernel before 6.15.
[[nodiscard]] VFIO_EXPORT Result<std::uint32_t> attach_pasid(Calls& calls, const DeviceFd& device,
                                                             const std::string& name,
                                                             std::uint32_t pasid,
                                                             std::uint32_t page_table_id);
[[nodiscard]] VFIO_EXPORT Result<void> detach_pasid(Calls& calls, const DeviceFd& device,
                                                    const std::string& name, std::uint32_t pasid);

}  // namespace vfio

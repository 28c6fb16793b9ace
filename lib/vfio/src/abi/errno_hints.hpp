// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "vfio/calls.hpp"
#include "vfio/iova_range.hpp"

/// The advice in errors: what an errno means in VFIO, by the rules of the kernel's drivers/vfio and
/// drivers/iommu/iommufd.
namespace vfio {

/// A failed call as an Error with advice.
[[nodiscard]] tl::unexpected<Error> fail_call(int errnum, std::string operation, std::string object,
                                              std::string hint = {});

/// The same for a call that returns nothing but 0 or -errno.
[[nodiscard]] Result<void> check_answer(int answer, std::string operation, std::string object,
                                        std::string hint = {});

/// What an errno means, of one call.
struct ErrnoHint {
    int errnum;
    const char* text;
};
/// `otherwise` for an errno that is not in the table.
[[nodiscard]] std::string find_hint(std::span<const ErrnoHint> hints, int errnum,
                                    std::string otherwise = {});

/// The call on a device, repeated when a signal interrupts it.
[[nodiscard]] inline int device_call(Calls& calls, const DeviceFd& fd, abi::DeviceCall call,
                                     Argument argument) {
    return retry(calls, [&] { return calls.device(fd, call, argument); });
}

/// Why a node of /dev/vfio or /dev/iommu cannot be opened: busy, not permitted, does not exist. For
/// EBUSY the caller adds the holders (blockers.hpp).
[[nodiscard]] std::string open_hint(int errnum, std::string_view path);

/// ENOMEM from a map: how much this process would have to be allowed to lock. `pinned` is what this
/// address space has already, `wanted` the bytes of the map that failed.
[[nodiscard]] std::string memlock_hint(const MemlockLimit& limit, std::uint64_t pinned,
                                       std::uint64_t wanted);

/// ENOSPC from a type1 map: dma_entry_limit (65535 unless the module parameter says otherwise).
[[nodiscard]] std::string entry_limit_hint(std::uint64_t entries);

/// A map outside the IOVAs that the hardware reaches: names the nearest limit.
[[nodiscard]] std::string aperture_hint(const IovaRange& wanted, std::span<const IovaRange> usable);

/// A DMA owner conflict, unsafe interrupts, or missing rights: EPERM, EBUSY and EINVAL of
/// attaching.
[[nodiscard]] std::string attach_hint(int errnum);

}  // namespace vfio

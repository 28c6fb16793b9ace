// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "vfio/iommu_backend.hpp"
#include "vfio/system_calls.hpp"

namespace vfio {

/// A VFIO container: the fd, the groups in it, and the IOMMU driver that its first group chose.
/// When the last group leaves, the kernel drops that driver and every mapping with it
/// (container.c:490), so the next group has to choose again.
class VFIO_EXPORT Container {
  public:
    /// Whether add() has to attach the first group and choose the IOMMU driver, or the process that
    /// passed the container has done so.
    enum class FirstGroup { kToAttach, kAttached };
    /// `wanted` is requested with the first group; kReservedNesting is never.
    Container(Calls& calls, ContainerFd fd, abi::Extension wanted,
              FirstGroup first = FirstGroup::kToAttach)
        : calls_(calls),
          direct_(is_kernel(calls)),
          fd_(std::move(fd)),
          extension_(wanted),
          first_(first) {}

    /// SET_CONTAINER, and SET_IOMMU for the first group. On failure the group is out again.
    [[nodiscard]] Result<void> add(const GroupFd& group, const std::string& name);
    /// UNSET_CONTAINER; kBusy while a device of the group is open.
    [[nodiscard]] Result<void> remove(const GroupFd& group, const std::string& name);

    /// The kernel's answer, 0 for no. Some extensions (DMA_CC, UPDATE_VADDR) are reported only once
    /// a group is attached.
    [[nodiscard]] Result<unsigned> check(abi::Extension extension) const;
    [[nodiscard]] int call(abi::ContainerCall call, Argument argument) const {
        return retry(calls_, [&] {
            return direct_ ? kernel_call(fd_.get(), call, argument)
                           : calls_.container(fd_, call, argument);
        });
    }
    [[nodiscard]] unsigned groups() const { return groups_; }
    [[nodiscard]] Calls& calls() const { return calls_; }

  private:
    [[nodiscard]] std::string set_iommu_hint(int errnum) const;

    Calls& calls_;
    bool direct_;
    ContainerFd fd_;
    abi::Extension extension_;
    FirstGroup first_;
    unsigned groups_ = 0;
};

/// MAP_DMA's flags, which are those of every container.
[[nodiscard]] inline std::uint32_t dma_map_flags(DmaAccess access) {
    switch (access) {
        case DmaAccess::kRead:
            return abi::kDmaMapRead;
        case DmaAccess::kWrite:
            return abi::kDmaMapWrite;
        case DmaAccess::kReadWrite:
            return abi::kDmaMapRead | abi::kDmaMapWrite;
    }
    return 0;
}

/// "VFIO_TYPE1v2_IOMMU", as the kernel's header names it.
[[nodiscard]] VFIO_EXPORT std::string_view name(abi::Extension extension);

}  // namespace vfio

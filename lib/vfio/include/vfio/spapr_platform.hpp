// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>

#include "vfio/ioas.hpp"
#include "vfio/iommu_backend.hpp"

namespace vfio {

/// The default window of a SPAPR platform, and the sizes that other windows can have.
struct SpaprDetails {
    Window default_window;
    std::uint64_t page_sizes = 0;   ///< of dynamic windows, one bit each; 0: none can be made
    std::uint32_t max_windows = 1;  ///< the default one included
    std::uint32_t levels = 1;       ///< table levels a window may have
    bool operator==(const SpaprDetails&) const = default;
};

/// DMA as SPAPR v2 has it: memory is registered (pinned and accounted) first, windows are created
/// and removed, and a map is only a table entry. Implemented by ppc64's container (SpaprContainer)
/// and on an iommufd (make_spapr_emulation). Both obey vfio_iommu_spapr_tce.c and fail with its
/// errnos.
class VFIO_EXPORT SpaprPlatform {
  public:
    SpaprPlatform() = default;
    SpaprPlatform(const SpaprPlatform&) = delete;
    SpaprPlatform& operator=(const SpaprPlatform&) = delete;
    virtual ~SpaprPlatform();

    // Groups or devices, as the platform takes them; kUnsupported for the other kind.
    [[nodiscard]] virtual Result<void> attach_group(const GroupFd& group, const std::string& name);
    [[nodiscard]] virtual Result<void> detach_group(const GroupFd& group, const std::string& name);
    [[nodiscard]] virtual Result<BoundDevice> attach_device(const DeviceToAttach& device);
    [[nodiscard]] virtual Result<void> detach_device(const DeviceToAttach& device);

    /// ENXIO before the first group.
    [[nodiscard]] virtual Result<SpaprDetails> details() = 0;
    /// EINVAL: not page-aligned, or it overlaps another; EBUSY: the same range again; ENOMEM:
    /// memlock.
    [[nodiscard]] virtual Result<void> register_memory(std::uint64_t address,
                                                       std::uint64_t length) = 0;
    /// Exactly what was registered, else ENOENT; EBUSY while some of it is mapped.
    [[nodiscard]] virtual Result<void> unregister_memory(std::uint64_t address,
                                                         std::uint64_t length) = 0;
    /// A window of `length` bytes (a power of two) with pages of 1 << page_shift; the platform says
    /// where. ENOSPC: no window is left; EINVAL: no such page size.
    [[nodiscard]] virtual Result<Window> create_window(std::uint32_t page_shift,
                                                       std::uint64_t length) = 0;
    /// Also unmaps everything in it. EINVAL: no window is there.
    [[nodiscard]] virtual Result<void> remove_window(std::uint64_t start) = 0;
    /// EPERM before anything is registered, ENXIO outside the windows, EINVAL for memory that is
    /// not registered or not aligned to the window's pages.
    [[nodiscard]] virtual Result<void> map(const MappedRange& piece) = 0;
    /// Takes `cut` out of `piece`, which is mapped as a whole.
    [[nodiscard]] virtual Result<void> unmap(const MappedRange& piece, const IovaRange& cut) = 0;
};

/// SPAPR on an iommufd: the same rules and errors without ppc64. Has what powernv has: a default
/// window of 2 GiB at 0, a second one, and pages of 4 KiB to 1 GiB.
[[nodiscard]] VFIO_EXPORT Result<std::unique_ptr<SpaprPlatform>> make_spapr_emulation(
    const SharedIommu& iommu);

}  // namespace vfio

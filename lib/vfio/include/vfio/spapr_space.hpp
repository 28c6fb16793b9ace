// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "vfio/spapr_platform.hpp"

namespace vfio {

/// An address space with SPAPR's operations: a program registers memory, creates windows and maps
/// into them, on ppc64le's container and on an iommufd, with the same results. For programs written
/// to that model (guests of POWER); others use AddressSpace, which does all of it automatically.
/// Thread-safe.
class VFIO_EXPORT SpaprSpace {
  public:
    explicit SpaprSpace(std::unique_ptr<SpaprPlatform> platform);
    ~SpaprSpace();

    [[nodiscard]] Result<void> attach_group(const GroupFd& group, const std::string& name);
    [[nodiscard]] Result<BoundDevice> attach_device(const DeviceToAttach& device);
    [[nodiscard]] Result<void> detach_group(const GroupFd& group, const std::string& name);
    [[nodiscard]] Result<void> detach_device(const DeviceToAttach& device);

    [[nodiscard]] Result<SpaprDetails> details();
    /// All windows, by address; the default one too until it is removed.
    [[nodiscard]] std::vector<Window> windows() const;
    [[nodiscard]] Result<void> register_memory(std::uint64_t address, std::uint64_t length);
    /// EBUSY while some of it is mapped. Linux 6.12 reports success then and keeps the memory
    /// pinned (mm_iommu_put's result is dropped), so it is checked here.
    [[nodiscard]] Result<void> unregister_memory(std::uint64_t address, std::uint64_t length);
    [[nodiscard]] Result<Window> create_window(std::uint32_t page_shift, std::uint64_t length);
    [[nodiscard]] Result<void> remove_window(std::uint64_t start);
    /// EEXIST where something is mapped already: SPAPR itself would replace it silently.
    [[nodiscard]] Result<void> map(std::uint64_t iova, std::uint64_t address, std::uint64_t length,
                                   DmaAccess access);
    /// Any pages of any mappings; returns the bytes that were mapped there.
    [[nodiscard]] Result<std::uint64_t> unmap(std::uint64_t iova, std::uint64_t length);
    [[nodiscard]] std::vector<MappedRange> mappings() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "vfio/hwpt.hpp"
#include "vfio/ioas.hpp"
#include "vfio/iommu_backend.hpp"

namespace vfio {

/// What the page tables of an address space must be able to do.
enum class PageTable {
    kAutomatic,   ///< the kernel makes one per IOMMU by itself
    kDirty,       ///< allocated for dirty tracking
    kNestParent,  ///< can be the parent of a guest's page table
};

/// An IOAS with its page tables; devices come by their cdevs. Mappings are the IOAS' own and
/// outlive every attach and detach.
class VFIO_EXPORT IommufdBackend final : public IommuBackend {
  public:
    IommufdBackend(Ioas ioas, PageTable kind) : kind_(kind), ioas_(std::move(ioas)) {}
    ~IommufdBackend() override;

    Backend backend() const override { return Backend::kIommufd; }
    Lifetime lifetime() const override { return Lifetime::kPersistent; }
    Result<Geometry> geometry() override;
    /// Read through the compatibility layer, the only one that reports them: the IOAS is its
    /// address space for the time of the call.
    Result<std::uint64_t> page_sizes() override;
    Result<void> map(const MappedRange& piece) override { return ioas_.map(piece); }
    Result<std::uint64_t> unmap(const IovaRange& range) override { return ioas_.unmap(range); }
    Result<BoundDevice> attach_device(const DeviceToAttach& device) override;
    Result<void> detach_device(const DeviceToAttach& device) override;
    Result<void> map_file(const FileSlice& file, const MappedRange& piece) override;
    Result<void> copy(IommuBackend& source, const MappedRange& from, const IovaRange& to) override;
    Result<void> allow_ranges(std::span<const IovaRange> ranges) override {
        return ioas_.allow_ranges(ranges);
    }
    Result<void> start_dirty() override;
    Result<void> stop_dirty() override;
    Result<void> read_dirty(const IovaRange& range, std::uint64_t page_size,
                            std::span<std::uint64_t> bitmap) override;
    Result<void> adopt(std::span<const MappedRange> all) override;
    Result<void> set_accounting(Accounting accounting) override;
    const IommuFd* iommufd() const override { return &ioas_.iommu()->fd; }
    std::uint32_t ioas_id() const override { return ioas_.id(); }

    /// For more objects of the same iommufd: page tables, fault queues, virtual IOMMUs.
    [[nodiscard]] const SharedIommu& context() const { return ioas_.iommu(); }
    [[nodiscard]] const std::vector<Hwpt>& page_tables() const { return hwpts_; }

  private:
    [[nodiscard]] Result<std::uint32_t> bind(const DeviceToAttach& device);
    [[nodiscard]] Result<std::uint32_t> attach(const DeviceToAttach& device, std::uint32_t id);
    [[nodiscard]] Result<std::uint32_t> attach_to_own_hwpt(const DeviceToAttach& device,
                                                           std::uint32_t device_id);
    [[nodiscard]] Result<void> set_dirty_tracking(Hwpt::Tracking tracking);

    PageTable kind_;
    Ioas ioas_;  ///< outlives the page tables made from it
    std::vector<Hwpt> hwpts_;
    std::map<int, std::uint32_t> bound_;  ///< by the device's fd; a bind lasts until that closes
};

}  // namespace vfio

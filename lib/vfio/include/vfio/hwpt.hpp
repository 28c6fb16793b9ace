// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "vfio/abi/hwpt.hpp"
#include "vfio/ioas.hpp"

namespace vfio {

/// A hardware page table of an iommufd. Attaching a device to an IOAS allocates one automatically.
/// One is allocated explicitly to be the parent of a guest's page table, to track dirty pages, to
/// serve PASIDs or to report faults.
class VFIO_EXPORT Hwpt {
  public:
    struct AllocOptions {
        std::uint32_t device_id = 0;  ///< its IOMMU determines which options are possible
        std::uint32_t parent_id = 0;  ///< an IOAS; for a nested one a NEST_PARENT HWPT or a vIOMMU
        std::uint32_t flags = 0;      ///< abi::kHwpt*; kHwptFaultIdValid follows from fault_id
        std::optional<std::uint32_t> fault_id{};
        abi::HwptData type = abi::HwptData::kNone;
        std::span<const std::byte> data{};  ///< of that type, in the guest's format
    };
    /// kUnsupported: a flag or type that this IOMMU does not have. kNotFound: the device has no
    /// IOMMU of its own (an mdev), so it attaches to an IOAS only.
    [[nodiscard]] static Result<Hwpt> allocate(SharedIommu iommu, const AllocOptions& options);

    [[nodiscard]] std::uint32_t id() const { return object_.id(); }
    [[nodiscard]] Result<void> destroy() { return object_.destroy(); }

    enum class Tracking { kOff, kOn };
    [[nodiscard]] Result<void> set_dirty_tracking(Tracking tracking) const;
    enum class Clear { kNo, kYes };
    /// Sets a bit for each page of `page_size` bytes in `range` that a device wrote to; the first
    /// bit is the first page. Bits already set stay. kInvalid: range or page size not aligned to
    /// each other.
    [[nodiscard]] Result<void> read_dirty(const IovaRange& range, std::uint64_t page_size,
                                          std::span<std::uint64_t> bitmap, Clear clear) const;

    /// How many of `count` requests of `entry_length` bytes each were handled: all of them, or
    /// those before the first bad one. At most 1 << 19 requests of at most a page.
    [[nodiscard]] Result<std::uint32_t> invalidate(abi::InvalidateData type,
                                                   std::span<const std::byte> entries,
                                                   std::uint32_t entry_length) const;

  private:
    explicit Hwpt(IommuObject object) : object_(std::move(object)) {}
    IommuObject object_;
};

/// Moves a device that is bound to this iommufd to another page table, or address space, in one
/// step: to a guest's (nested), to one that reports faults or serves PASIDs. Returns the page table
/// in use; for an address space the kernel allocates one. To move the device back, pass the id that
/// it was attached to before.
[[nodiscard]] VFIO_EXPORT Result<std::uint32_t> attach_page_table(Calls& calls,
                                                                  const DeviceFd& device,
                                                                  const std::string& name,
                                                                  std::uint32_t page_table_id);

/// The same invalidation for a vIOMMU's id.
[[nodiscard]] VFIO_EXPORT Result<std::uint32_t> invalidate(IommuContext& iommu, std::uint32_t id,
                                                           abi::InvalidateData type,
                                                           std::span<const std::byte> entries,
                                                           std::uint32_t entry_length);

}  // namespace vfio

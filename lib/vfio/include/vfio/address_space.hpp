// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vfio/iommu_backend.hpp"
#include "vfio/map_request.hpp"
#include "vfio/mapping.hpp"

namespace vfio {

/// One I/O address space: the memory of this process that a set of devices can reach, on any of the
/// kernel's backends. Owns the table of mappings and the IOVAs. Devices and groups are attached to
/// it and must be detached, or closed, before it is destroyed. The Calls must outlive it.
/// Thread-safe: maps and unmaps exclude each other, translations are concurrent (but the first
/// to_iova() excludes all others while it sorts the addresses). Memory that is mapped here must
/// stay mapped in the process until it is unmapped here: the device keeps its pages.
class VFIO_EXPORT AddressSpace : public std::enable_shared_from_this<AddressSpace> {
  public:
    [[nodiscard]] static std::shared_ptr<AddressSpace> create(
        Calls& calls, std::unique_ptr<IommuBackend> iommu_backend);
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;
    ~AddressSpace();

    [[nodiscard]] Backend backend() const;

    // Devices. Each attach and detach reads the usable ranges again. A refusal changes nothing, and
    // its hint names the mapping that conflicts, if one does.
    [[nodiscard]] Result<void> attach_group(const GroupFd& group, const std::string& name);
    /// A container drops its mappings with its last group; they are made again when the next one is
    /// attached.
    [[nodiscard]] Result<void> detach_group(const GroupFd& group, const std::string& name);
    [[nodiscard]] Result<BoundDevice> attach_device(const DeviceToAttach& device);
    [[nodiscard]] Result<void> detach_device(const DeviceToAttach& device);
    /// A device of an attached group was opened. In iommufd's compatibility mode the device joins
    /// then and narrows the ranges; a container has its ranges before.
    [[nodiscard]] Result<void> device_opened();
    /// The refusal of a device (EINVAL, EADDRINUSE) with the mapping that conflicts as hint.
    [[nodiscard]] Error explain_refusal(Error error, const std::string& group) const;

    // Maps. EINVAL: not aligned or not reachable. EEXIST: taken. ENOMEM: the limit of locked
    // memory. ENOSPC: no free IOVA or no entry. EFAULT: no memory there.
    [[nodiscard]] Result<MappedRange> map(const MapRequest& request);
    /// The same, unmapped when the handle is destroyed.
    [[nodiscard]] Result<Mapping> map_scoped(const MapRequest& request);
    /// The same, under a number that the caller chooses (a memory slot). kBusy: the key is in use.
    [[nodiscard]] Result<MappedRange> map_keyed(std::uint64_t key, const MapRequest& request);
    [[nodiscard]] Result<std::uint64_t> unmap_keyed(std::uint64_t key);  ///< bytes; 0: no such key
    /// All or none. Requests that continue each other in both spaces become one mapping, in any
    /// order; the mappings returned are those that can be unmapped.
    [[nodiscard]] Result<std::vector<MappedRange>> map_batch(std::span<const MapRequest> requests);
    /// Pins a file's pages where the kernel can (iommufd since 6.13). Elsewhere the file is mapped
    /// into this process until it is unmapped for the devices.
    [[nodiscard]] Result<MappedRange> map_file(const FileRequest& request);
    /// Maps the memory that `from` has at `range`, exactly one mapping: without pinning it again
    /// where both are of one iommufd.
    [[nodiscard]] Result<MappedRange> share(const AddressSpace& from, const IovaRange& range,
                                            std::optional<std::uint64_t> iova = std::nullopt);
    /// Every mapping inside the range; returns the bytes that were mapped, 0 for none. EINVAL when
    /// the range cuts a mapping.
    [[nodiscard]] Result<std::uint64_t> unmap(std::uint64_t iova, std::uint64_t length);
    [[nodiscard]] Result<std::uint64_t> unmap_all();  ///< bytes, on every backend

    // Lookups. Addresses and lengths in bytes, of any alignment.
    /// The IOVA of `length` bytes of this process' memory; nothing when some of them are not
    /// mapped, or not at consecutive IOVAs. O(log n), concurrent with other lookups. The first call
    /// sorts the n addresses, O(n log n), and excludes all others meanwhile, so make one before
    /// latency matters. From then on maps and unmaps keep that order.
    [[nodiscard]] std::optional<std::uint64_t> to_iova(std::uint64_t address,
                                                       std::uint64_t length) const;
    /// The address of `length` bytes of IOVA.
    [[nodiscard]] std::optional<std::uint64_t> to_address(std::uint64_t iova,
                                                          std::uint64_t length) const;
    [[nodiscard]] std::vector<MappedRange> mappings() const;  ///< in IOVA order
    [[nodiscard]] Geometry geometry() const;                  ///< as of the last attach or detach
    /// Asks the kernel again: dma_avail falls with every map.
    [[nodiscard]] Result<Geometry> query();
    [[nodiscard]] std::vector<IovaRange> ranges() const;  ///< the geometry's windows
    /// Page sizes of the hardware, one bit each. An iommufd needs several calls to report them, so
    /// they are not part of the geometry.
    [[nodiscard]] Result<std::uint64_t> page_sizes();

    // What only some backends have; kUnsupported, with the reason, on the others.
    /// iommufd: no device that is attached later removes these ranges; an empty list ends that.
    /// EADDRINUSE: a device that is attached does not reach all of them.
    [[nodiscard]] Result<void> allow_ranges(std::span<const IovaRange> ranges);
    /// iommufd: EPERM without CAP_SYS_RESOURCE, EBUSY once anything is made in it. Containers count
    /// for the process, always.
    [[nodiscard]] Result<void> set_accounting(Accounting accounting);
    /// type1v2, and an iommufd opened with PageTable::kDirty. EACCES on type1.
    [[nodiscard]] Result<void> start_dirty_tracking();
    [[nodiscard]] Result<void> stop_dirty_tracking();
    /// One bit per page of `page_size` bytes from the range's start; bits of pages not written
    /// stay.
    [[nodiscard]] Result<void> read_dirty(const IovaRange& range, std::uint64_t page_size,
                                          std::span<std::uint64_t> bitmap);
    /// For a process that received the fds of another: adopts the mappings and their accounting.
    /// Each mapping of memory needs its address here in `relocations` (by its first IOVA); without
    /// one it keeps its address.
    [[nodiscard]] Result<void> adopt_process(std::span<const MappedRange> mappings,
                                             std::span<const Relocation> relocations);
    [[nodiscard]] const IommuFd* iommufd() const;
    [[nodiscard]] std::uint32_t ioas_id() const;
    [[nodiscard]] IommuBackend& iommu_backend();

    struct Impl;  ///< the library's own

  private:
    AddressSpace(Calls& calls, std::unique_ptr<IommuBackend> iommu_backend);

    std::unique_ptr<Impl> impl_;
};

}  // namespace vfio

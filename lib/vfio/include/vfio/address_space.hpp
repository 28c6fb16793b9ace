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

/// One I/O address space: what a set of devices sees of this process' memory, on any of the
/// kernel's backends. Owns the table of what is mapped and the IOVAs; devices and groups are
/// attached to it and must be detached, or closed, before it goes. The Calls it was made with
/// outlive it. Thread-safe: maps and unmaps exclude each other, translations run beside each other
/// (but the first to_iova() keeps all others out while it puts the addresses in order).
/// Memory that is mapped must stay mapped in the process until it is unmapped here: the device has
/// its pages.
class VFIO_EXPORT AddressSpace : public std::enable_shared_from_this<AddressSpace> {
  public:
    [[nodiscard]] static std::shared_ptr<AddressSpace> create(
        Calls& calls, std::unique_ptr<IommuBackend> iommu_backend);
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;
    ~AddressSpace();

    [[nodiscard]] Backend backend() const;

    // Devices. Each attach and detach reads the usable ranges again. After a refusal nothing
    // changed, and the hint names the mapping in the way where one is.
    [[nodiscard]] Result<void> attach_group(const GroupFd& group, const std::string& name);
    /// With the last group a container drops its mappings; they are made again as the next one
    /// comes.
    [[nodiscard]] Result<void> detach_group(const GroupFd& group, const std::string& name);
    [[nodiscard]] Result<BoundDevice> attach_device(const DeviceToAttach& device);
    [[nodiscard]] Result<void> detach_device(const DeviceToAttach& device);
    /// A device of an attached group was opened. In iommufd's compatibility that is the moment when
    /// it joins and narrows the ranges; containers knew it before.
    [[nodiscard]] Result<void> device_opened();
    /// The refusal of a device (EINVAL, EADDRINUSE) with the mapping in its way as the hint.
    [[nodiscard]] Error explain_refusal(Error error, const std::string& group) const;

    // Maps. EINVAL for what is not aligned or cannot be reached, EEXIST for what is taken, ENOMEM
    // for the memory lock, ENOSPC for no room or no entry, EFAULT for no memory there.
    [[nodiscard]] Result<MappedRange> map(const MapRequest& request);
    /// The same, unmapped as the handle ends.
    [[nodiscard]] Result<Mapping> map_scoped(const MapRequest& request);
    /// The same, found again by a number of the caller's (a memory slot). kBusy: the key is in use.
    [[nodiscard]] Result<MappedRange> map_keyed(std::uint64_t key, const MapRequest& request);
    [[nodiscard]] Result<std::uint64_t> unmap_keyed(std::uint64_t key);  ///< bytes; 0: no such key
    /// All or none. Requests that follow each other in both spaces become one mapping, whatever
    /// their order here: what comes back is what can be unmapped.
    [[nodiscard]] Result<std::vector<MappedRange>> map_batch(std::span<const MapRequest> requests);
    /// Pins a file's pages where the kernel can (iommufd since 6.13), maps it here and then there
    /// where it cannot; that one is unmapped here too with its unmap.
    [[nodiscard]] Result<MappedRange> map_file(const FileRequest& request);
    /// Maps what `from` has at `range` here too: without pinning it again where both are of one
    /// iommufd, else once more. The range is one mapping of `from`.
    [[nodiscard]] Result<MappedRange> share(const AddressSpace& from, const IovaRange& range,
                                            std::optional<std::uint64_t> iova = std::nullopt);
    /// Every mapping inside the range; bytes that were mapped, 0 for nothing there on every
    /// backend. EINVAL when it cuts a mapping: no backend can do that without one's knowing.
    [[nodiscard]] Result<std::uint64_t> unmap(std::uint64_t iova, std::uint64_t length);
    [[nodiscard]] Result<std::uint64_t> unmap_all();  ///< bytes, on every backend

    // What is there. Addresses and lengths in bytes, of any alignment.
    /// Where `length` bytes of this process' memory are for the devices; nothing when some of them
    /// are not mapped, or not in one run of IOVAs. O(log n) beside other lookups; but the first
    /// call puts the n addresses in order, O(n log n), and keeps everyone else out meanwhile: make
    /// it before the first use that is in a hurry. From then on maps and unmaps keep that order
    /// too.
    [[nodiscard]] std::optional<std::uint64_t> to_iova(std::uint64_t address,
                                                       std::uint64_t length) const;
    /// The other way round; in order from the start.
    [[nodiscard]] std::optional<std::uint64_t> to_address(std::uint64_t iova,
                                                          std::uint64_t length) const;
    [[nodiscard]] std::vector<MappedRange> mappings() const;  ///< in IOVA order
    [[nodiscard]] Geometry geometry() const;                  ///< as of the last attach or detach
    /// Asks the kernel again: dma_avail falls with every map.
    [[nodiscard]] Result<Geometry> query();
    [[nodiscard]] std::vector<IovaRange> ranges() const;  ///< the geometry's windows
    /// Page sizes of the hardware, one bit each. An iommufd tells them only by detours, so they are
    /// asked for when they are wanted.
    [[nodiscard]] Result<std::uint64_t> page_sizes();

    // The rest, where the backend has it; else kUnsupported, and why.
    /// iommufd: no device that comes later takes these away; an empty list lifts that. EADDRINUSE:
    /// a device that is attached does not reach all of them.
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
    /// For a process that got the fds of another: takes over the mappings and their accounting.
    /// Each mapping of memory needs its address here in `relocations` (by its first IOVA); one not
    /// named keeps its.
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

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>

#include "vfio/abi/viommu.hpp"
#include "vfio/hwpt.hpp"
#include "vfio/ioas.hpp"

namespace vfio {

/// A virtual device on a vIOMMU: connects the id that the guest uses with a device of the host, for
/// events and invalidations. Destroy it before the device's fd closes, else its id stays taken.
class VFIO_EXPORT Vdevice {
  public:
    explicit Vdevice(IommuObject object) : object_(std::move(object)) {}
    [[nodiscard]] std::uint32_t id() const { return object_.id(); }
    [[nodiscard]] Result<void> destroy() { return object_.destroy(); }

  private:
    IommuObject object_;
};

/// A queue of commands that the guest's driver and the hardware share.
using HwQueue = Vdevice;

/// The events of a vIOMMU, one fd per type.
struct VeventQueue {
    IommuObject object;
    QueueFd fd;
};

/// A slice of a physical IOMMU for one guest, on a nest-parent page table. Two types exist: ARM
/// SMMUv3 and NVIDIA's Tegra241 CMDQV; others are kUnsupported. Linux 6.13.
class VFIO_EXPORT Viommu {
  public:
    /// `data` is the type's own structure (ViommuTegra241Cmdqv, written by the kernel), or empty.
    [[nodiscard]] static Result<Viommu> allocate(SharedIommu iommu, abi::ViommuType type,
                                                 std::uint32_t device_id,
                                                 std::uint32_t nest_parent_id,
                                                 std::span<std::byte> data = {});
    [[nodiscard]] std::uint32_t id() const { return object_.id(); }
    [[nodiscard]] Result<void> destroy() { return object_.destroy(); }

    /// kBusy with EEXIST: the id, or the device, has one already.
    [[nodiscard]] Result<Vdevice> add_device(std::uint32_t device_id,
                                             std::uint64_t virtual_id) const;
    /// At most `depth` events wait; later ones are lost, and the next event says so. Linux 6.15.
    [[nodiscard]] Result<VeventQueue> add_event_queue(std::uint32_t type,
                                                      std::uint32_t depth) const;
    /// `iova` is in the nest parent, `length` a power of two. The memory stays mapped as long as
    /// the queue is: unmapping it is kBusy. Linux 6.17.
    [[nodiscard]] Result<HwQueue> add_hw_queue(abi::HwQueueType type, std::uint32_t index,
                                               std::uint64_t iova, std::uint64_t length) const;
    [[nodiscard]] Result<std::uint32_t> invalidate(abi::InvalidateData type,
                                                   std::span<const std::byte> entries,
                                                   std::uint32_t entry_length) const {
        return vfio::invalidate(*object_.iommu(), id(), type, entries, entry_length);
    }

  private:
    explicit Viommu(IommuObject object) : object_(std::move(object)) {}
    [[nodiscard]] std::string object() const { return "vIOMMU " + std::to_string(id()); }
    IommuObject object_;
};

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/unique_fd.hpp"
#include "vfio/export.hpp"

namespace vfio {

using base::UniqueFd;

/// The kinds of fd the kernel's VFIO API has.
enum class FdKind { kContainer, kGroup, kDevice, kIommu, kMigration, kQueue };

/// Owns one fd of one kind. One ioctl number means different calls on different fds (117 is
/// DIRTY_PAGES, SPAPR_REGISTER_MEMORY or DEVICE_FEATURE), so a call on the wrong fd is not ENOTTY
/// but another valid call: the kinds are types, and calls.hpp takes each ioctl with its own kind
/// only. Move-only; closes at the end. A closed or moved-from one is not valid().
template <FdKind kKind>
class TypedFd {
  public:
    static constexpr FdKind kind = kKind;

    TypedFd() = default;
    /// Takes the fd unchecked; calls.hpp's adopt() checks its kind.
    explicit TypedFd(UniqueFd fd) : fd_(std::move(fd)) {}

    [[nodiscard]] int get() const { return fd_.get(); }
    [[nodiscard]] bool valid() const { return fd_.valid(); }
    [[nodiscard]] int release() { return fd_.release(); }
    void reset() { fd_.reset(); }

  private:
    UniqueFd fd_;
};

/// /dev/vfio/vfio, or /dev/iommu in its VFIO compatibility.
using ContainerFd = TypedFd<FdKind::kContainer>;
/// /dev/vfio/15 or /dev/vfio/noiommu-0. The kernel lets a group be open once.
using GroupFd = TypedFd<FdKind::kGroup>;
/// A device, from a group or from /dev/vfio/devices/vfioN.
using DeviceFd = TypedFd<FdKind::kDevice>;
/// /dev/iommu as itself.
using IommuFd = TypedFd<FdKind::kIommu>;
/// The data fd of a migration.
using MigrationFd = TypedFd<FdKind::kMigration>;
/// A fault queue or a virtual event queue of iommufd.
using QueueFd = TypedFd<FdKind::kQueue>;

}  // namespace vfio

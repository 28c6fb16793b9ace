// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vfio/backend_selection.hpp"
#include "vfio/device_info.hpp"
#include "vfio/export.hpp"
#include "vfio/feature.hpp"
#include "vfio/irq.hpp"
#include "vfio/region.hpp"
#include "vfio/region_io.hpp"
#include "vfio/region_map.hpp"

namespace vfio {

/// A device, open and attached to an address space: the way in for programs. Owns the device's fd
/// and, off iommufd, a share of its group's; the address space is shared with whoever maps into it.
/// The device is detached as it goes. Movable; what it hands out by reference (RegionIo, Migration)
/// borrows its fd, which stays where it is across moves. The Calls must outlive it.
class VFIO_EXPORT VfioDevice {
  public:
    /// Opens by name: "0000:01:00.0", "pci/0000:01:00.0", an mdev's UUID. sysfs says which nodes it
    /// has; kNotFound when there is no such device, kRefused when it is not VFIO's or its group is
    /// not viable, with who is to blame.
    [[nodiscard]] static Result<VfioDevice> open(Calls& calls, const std::string& name,
                                                 const OpenOptions& options = {});
    /// The same with the token that a VF wants while its PF is VFIO's (feature.hpp's set_vf_token).
    [[nodiscard]] static Result<VfioDevice> open(Calls& calls, const std::string& name,
                                                 const OpenOptions& options, const VfToken& token);
    /// The same into an address space that is in use already.
    [[nodiscard]] static Result<VfioDevice> open_in(Calls& calls, const std::string& name,
                                                    const std::shared_ptr<AddressSpace>& space,
                                                    const std::string& root = {});
    /// Another device of this one's group, through the group's fd: the node cannot be opened again.
    /// kUnsupported on iommufd, where each device has a cdev of its own.
    [[nodiscard]] Result<VfioDevice> sibling(const std::string& name) const;
    /// From fds that came from elsewhere (a service that may open what we may not).
    [[nodiscard]] static Result<VfioDevice> adopt(Calls& calls, AttachedDevice opened,
                                                  std::string name);

    /// Copies of the fds have gone to another process (fd_passing.hpp): the end of this object
    /// leaves the device attached.
    void keep_attached();

    VfioDevice(VfioDevice&&) noexcept;
    VfioDevice& operator=(VfioDevice&&) noexcept;
    VfioDevice(const VfioDevice&) = delete;
    VfioDevice& operator=(const VfioDevice&) = delete;
    ~VfioDevice();

    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] const DeviceInfo& info() const;
    [[nodiscard]] const std::shared_ptr<AddressSpace>& space() const;
    [[nodiscard]] const std::vector<RejectedBackend>& rejected() const;
    [[nodiscard]] const BoundDevice& bound() const;
    [[nodiscard]] const DeviceFd& fd() const;
    [[nodiscard]] const GroupFd& group() const;  ///< not valid on iommufd
    [[nodiscard]] Calls& calls() const;

    /// One region; kUnsupported for an index it does not have. Read afresh: drivers add regions.
    [[nodiscard]] Result<Region> region(std::uint32_t index) const;
    /// Every region there is, those of size 0 left out.
    [[nodiscard]] std::vector<Region> regions() const;
    /// A region by what it is; kNotFound when the driver offers none.
    [[nodiscard]] Result<Region> region(const RegionType& type) const;
    [[nodiscard]] RegionIo io(const Region& region) const;
    [[nodiscard]] Result<RegionMap> map(const Region& region) const;
    /// The PCI configuration space.
    [[nodiscard]] Result<RegionIo> config() const;
    /// All of it, as far as it can be read.
    [[nodiscard]] Result<std::vector<std::byte>> read_config() const;

    [[nodiscard]] std::vector<Irq> irqs() const;

    /// PCI's command register: without it the device can do no DMA and send no MSI.
    [[nodiscard]] Result<void> set_bus_mastering(BusMaster state) const;
    [[nodiscard]] Result<void> reset() const;

  private:
    struct Impl;
    static Result<VfioDevice> open_nodes(Calls& calls, const DeviceNodes& nodes,
                                         const OpenOptions& options);
    explicit VfioDevice(std::unique_ptr<Impl> state);
    std::unique_ptr<Impl> impl_;
};

}  // namespace vfio

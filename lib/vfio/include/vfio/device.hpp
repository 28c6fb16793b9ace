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

/// A device that is open and attached to an address space. Owns the device's fd and, except on
/// iommufd, a share of its group's fd; the address space is shared. The device is detached when it
/// is destroyed. Movable; RegionIo and Migration borrow its fd, whose address does not change when
/// it is moved. The Calls must outlive it.
class VFIO_EXPORT VfioDevice {
  public:
    /// Opens by name: "0000:01:00.0", "pci/0000:01:00.0", an mdev's UUID. sysfs says which nodes it
    /// has; kNotFound when there is no such device, kRefused when its driver is not a VFIO one or
    /// its group is not viable, with the devices that block it.
    [[nodiscard]] static Result<VfioDevice> open(Calls& calls, const std::string& name,
                                                 const OpenOptions& options = {});
    /// The same with the token that a VF needs while its PF is on a VFIO driver (feature.hpp's
    /// set_vf_token).
    [[nodiscard]] static Result<VfioDevice> open(Calls& calls, const std::string& name,
                                                 const OpenOptions& options, const VfToken& token);
    /// The same in an existing address space.
    [[nodiscard]] static Result<VfioDevice> open_in(Calls& calls, const std::string& name,
                                                    const std::shared_ptr<AddressSpace>& space,
                                                    const std::string& root = {});
    /// Another device of the same group, through the group's fd: a group can be opened only once.
    /// kUnsupported on iommufd, where each device has a cdev of its own.
    [[nodiscard]] Result<VfioDevice> sibling(const std::string& name) const;
    /// From fds that another process opened.
    [[nodiscard]] static Result<VfioDevice> adopt(Calls& calls, AttachedDevice opened,
                                                  std::string name);

    /// The device stays attached when this object is destroyed: another process has copies of the
    /// fds (fd_passing.hpp).
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
    /// Every region but those of size 0.
    [[nodiscard]] std::vector<Region> regions() const;
    /// A region by what it is; kNotFound when the driver offers none.
    [[nodiscard]] Result<Region> region(const RegionType& type) const;
    [[nodiscard]] RegionIo io(const Region& region) const;
    [[nodiscard]] Result<RegionMap> map(const Region& region) const;
    /// The PCI configuration space.
    [[nodiscard]] Result<RegionIo> config() const;
    /// All of the configuration space that can be read.
    [[nodiscard]] Result<std::vector<std::byte>> read_config() const;

    [[nodiscard]] std::vector<Irq> irqs() const;

    /// By PCI's command register: without bus mastering a device can do no DMA and send no MSI.
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

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"
#include "sysfs/usage/usage.hpp"
#include "tests/fake/device_builder.hpp"

namespace fake {

/// A machine for tests:
/// `host.pci("0000:01:00.0").gpu().group(15).driver("nouveau").boot_vga();`
/// By default an x86_64 with kernel 6.12.1 and an IOMMU, whose vfio_pci is a module not yet loaded.
/// inventory() and drivers() are the values that the readers of sysfs return. A driver that a
/// device is bound to is registered, and its module loaded, implicitly.
class Host {
  public:
    Host();

    /// The device of that name, made by the first call. A PCI device on bus 00 is below pciDDDD:00,
    /// on another bus below a root complex of its own, unless behind() changes that.
    DeviceBuilder pci(const std::string& address);
    DeviceBuilder platform(const std::string& name);     ///< modalias "platform:NAME"
    DeviceBuilder css(const std::string& name);          ///< I/O subchannel, "css:t0"
    DeviceBuilder ap(const std::string& name);           ///< AP queue, "ap:t0E"
    DeviceBuilder mdev_parent(const std::string& name);  ///< a parent on no bus: mtty, matrix
    DeviceBuilder mdev(const std::string& uuid, const std::string& parent, const std::string& type);
    DeviceBuilder on_bus(const std::string& bus, const std::string& name);
    Host& remove(const sysfs::DeviceId& id);

    Host& module(const std::string& name, sysfs::ModuleState state);
    Host& alias(const std::string& pattern, const std::string& module);
    Host& registered(const std::string& bus, const std::string& driver, const std::string& module);
    /// The variants of the lab kernel: virtio_vfio_pci and mlx5_vfio_pci.
    Host& with_variants();
    Host& without_vfio();  ///< a kernel without any VFIO module or alias

    Host& arch(const std::string& name);
    Host& kernel(const std::string& release);
    Host& online_nodes(const std::string& list);
    Host& machine_id(const std::string& id);
    Host& no_iommu();
    Host& noiommu();             ///< no IOMMU, and vfio's unsafe mode is on
    Host& vfio_pci_makes_vfs();  ///< its module's enable_sriov is on
    Host& group_type(int group, const std::string& type);

    /// One use of a device by the host, as read_usage() finds it.
    Host& used(const std::string& address, sysfs::UseKind kind, const std::string& text,
               const std::string& evidence);
    /// The same by the running system itself.
    Host& needed(const std::string& address, sysfs::UseKind kind, const std::string& text,
                 const std::string& evidence);

    [[nodiscard]] sysfs::Inventory inventory() const;
    [[nodiscard]] sysfs::Drivers drivers() const;
    [[nodiscard]] const sysfs::Usage& usage() const { return usage_; }

  private:
    sysfs::Host host_;
    std::map<sysfs::DeviceId, sysfs::Device> devices_;
    std::map<int, std::string> group_types_;
    sysfs::Drivers drivers_;
    sysfs::Usage usage_;
};

/// "0000:01:00.0" on the bus pci.
[[nodiscard]] inline sysfs::DeviceId pci_id(const std::string& address) {
    return {"pci", address};
}

}  // namespace fake

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "sysfs/device/device.hpp"

namespace fake {

/// Describes one device of a Host, one call a property. Refers to the device inside the host, which
/// must outlive it. Hex ids are as users write them ("10de"); a malformed one ends the test. The
/// kinds (gpu, nic, ...) set the class and real ids; later calls win.
class DeviceBuilder {
  public:
    explicit DeviceBuilder(sysfs::Device& device) : device_(device) {}

    // Kind and ids.
    DeviceBuilder& gpu();             ///< VGA, 10de:2204; boot_vga is 0 by default
    DeviceBuilder& accelerator_3d();  ///< 3D controller, 10de:1eb8: no boot_vga attribute
    DeviceBuilder& nic();             ///< 8086:10d3
    DeviceBuilder& nvme();            ///< 144d:a808
    DeviceBuilder& audio();           ///< 10de:1aef
    DeviceBuilder& bridge();          ///< PCI bridge 8086:1901, header type 1, on pcieport
    DeviceBuilder& vendor(const std::string& vendor, const std::string& device);
    DeviceBuilder& subsystem(const std::string& vendor, const std::string& device);
    DeviceBuilder& class_code(const std::string& six_hex_digits);
    DeviceBuilder& revision(const std::string& two_hex_digits);
    DeviceBuilder& modalias(const std::string& text);  ///< instead of the computed one

    // Position.
    DeviceBuilder& behind(const sysfs::Device& bridge);  ///< below that device in the topology
    DeviceBuilder& group(int iommu_group);
    DeviceBuilder& numa(int node);
    DeviceBuilder& slot(const std::string& name);
    DeviceBuilder& serial(const std::string& text);
    DeviceBuilder& netdev(const std::string& name);  ///< may be called more than once

    // Driver.
    DeviceBuilder& driver(const std::string& name);
    DeviceBuilder& unbound();
    DeviceBuilder& override_(const std::string& driver);
    DeviceBuilder& boot_vga();
    DeviceBuilder& vfio(const std::string& driver,
                        const std::string& cdev = {});  ///< bound, override and nodes

    // SR-IOV and mdev. The PF's table of VFs is made when the host is built.
    DeviceBuilder& pf(std::uint32_t total, std::uint32_t enabled);
    DeviceBuilder& vf_of(const std::string& pf_address, std::uint32_t index);
    DeviceBuilder& mdev_type(const std::string& id, std::uint32_t available,
                             const std::string& device_api = "vfio-pci");

    DeviceBuilder& vgpu_type(const std::string& number,
                             const std::string& name);  ///< a type that a VF can become

    DeviceBuilder& property(const std::string& key, const std::string& value);
    DeviceBuilder& attr(const std::string& key, const std::string& value);

    [[nodiscard]] sysfs::Device& device() { return device_; }
    [[nodiscard]] sysfs::DeviceId id() const { return device_.id; }

  private:
    DeviceBuilder& kind(const std::string& vendor_id, const std::string& device_id,
                        const std::string& class_digits);
    sysfs::Device& device_;
};

/// The modalias the kernel makes of these ids: "pci:v000010DEd00002204sv...".
[[nodiscard]] std::string pci_modalias(const sysfs::HardwareIds& ids);

}  // namespace fake

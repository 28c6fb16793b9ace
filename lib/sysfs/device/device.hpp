// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sysfs/device/names.hpp"

namespace sysfs {

/// The ids of a PCI-like device; absent where the bus has none.
struct HardwareIds {
    std::optional<std::uint16_t> vendor;
    std::optional<std::uint16_t> device;
    std::optional<std::uint16_t> subsystem_vendor;
    std::optional<std::uint16_t> subsystem_device;
    std::optional<std::uint32_t> class_code;  ///< 24 bits: base class, sub-class, interface
    std::optional<std::uint8_t> revision;

    auto operator<=>(const HardwareIds&) const = default;
};

/// The identity of a device. It is checked through the open directory before a write, since another
/// device can get the same address.
struct Identity {
    HardwareIds ids;
    std::string modalias;
    std::optional<int> iommu_group;
    /// Tells a device from one that came later with the same address and ids: a VF that was made
    /// again. The inode of its directory, of which kernfs gives none twice before 2^32 others
    /// (idr_alloc_cyclic() in __kernfs_new_node()). Absent on a captured host.
    std::optional<std::uint64_t> incarnation = {};

    auto operator<=>(const Identity&) const = default;
};

/// The SR-IOV state of a PF.
struct SriovPf {
    std::uint32_t total = 0;    ///< sriov_totalvfs
    std::uint32_t enabled = 0;  ///< the VFs there are
    std::optional<bool> autoprobe;
    std::optional<std::uint32_t> offset;       ///< sriov_offset: of the first VF's routing id
    std::optional<std::uint32_t> stride;       ///< sriov_stride: from one VF's to the next's
    std::map<std::uint32_t, std::string> vfs;  ///< index → name, from the virtfnN links

    auto operator<=>(const SriovPf&) const = default;
};

/// A VF's PF and its index there. Both outlive the VF's own address.
struct SriovVf {
    std::string pf;
    std::uint32_t index = 0;

    auto operator<=>(const SriovVf&) const = default;
};

/// Owner and mode of a device node; a field that is absent stays as it is.
struct NodeAccess {
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
    std::optional<std::uint32_t> mode;

    auto operator<=>(const NodeAccess&) const = default;
};

/// The VFIO nodes of a device on a VFIO driver. `group` is the node's name below /dev/vfio ("15",
/// or "noiommu-0"); `cdev` the name below /dev/vfio/devices ("vfio3"), where this kernel makes one.
/// The access fields are set when ScanOptions asks for them and the node exists.
struct VfioNodes {
    std::optional<std::string> group;
    std::optional<std::string> cdev;
    std::optional<NodeAccess> group_access = std::nullopt;
    std::optional<NodeAccess> cdev_access = std::nullopt;

    auto operator<=>(const VfioNodes&) const = default;
};

/// One mediated device type a parent offers.
struct MdevType {
    std::string id;  ///< "mtty-2"
    std::string device_api;
    std::uint32_t available = 0;
    std::optional<std::string> name;
    std::optional<std::string> description;

    auto operator<=>(const MdevType&) const = default;
};

/// One mediated device. The kernel lists it on the bus "mdev" under its UUID.
struct MdevState {
    std::string parent;  ///< name in /sys/class/mdev_bus
    std::string type;

    auto operator<=>(const MdevState&) const = default;
};

/// A VF of which its vendor's driver makes a virtual GPU without mdev (vgpu.hpp). `type` is empty
/// while it is none.
struct VgpuState {
    std::string type;  ///< "nvidia-1145"

    auto operator<=>(const VgpuState&) const = default;
};

/// One device as read from sysfs at one time; a value that owns nothing in the kernel. An optional
/// is absent when the kernel does not show the attribute. `properties`, `attrs` and `serial`
/// (reading VPD can take seconds) hold what `ScanOptions` asked for.
struct Device {
    DeviceId id;
    std::string syspath;  ///< "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0", without the root
    std::string
        path;  ///< from the root complex, stable: "pci0000:00/01.0/00.0" (slot.function per hop)
    HardwareIds ids;
    std::string modalias;
    std::optional<std::uint64_t> incarnation;  ///< Identity's
    std::optional<std::string> driver;
    std::optional<std::string> driver_override;  ///< absent when unset, however the bus spells that
    bool has_override = false;                   ///< the attribute exists
    std::optional<int> iommu_group;
    std::optional<int> numa_node;  ///< absent for the kernel's -1
    std::optional<bool> boot_vga;
    std::optional<std::uint8_t> header_type;  ///< PCI, without the multifunction bit; 1 is a bridge
    std::optional<std::string> slot;          ///< the firmware's slot name (/sys/bus/pci/slots)
    std::string fault;                        ///< the sign that it is dead or lost; empty: none
    std::string stuck;  ///< why it could not be read: somebody holds its lock; empty: it was
    std::optional<std::string> serial;
    std::vector<std::string> netdevs;
    std::vector<std::string> reset_methods;
    std::optional<SriovPf> sriov;
    std::optional<SriovVf> vf;
    std::optional<VfioNodes> vfio;
    std::optional<MdevState> mdev;
    std::vector<MdevType>
        mdev_types;                ///< not empty: an mdev parent, or a VF to be made a virtual GPU
    std::string mdev_parent_name;  ///< its name in /sys/class/mdev_bus; empty: no parent
    std::optional<VgpuState> vgpu;
    std::map<std::string, std::string> properties;
    std::map<std::string, std::string> attrs;

    [[nodiscard]] bool is_bridge() const { return header_type && *header_type != 0; }
    [[nodiscard]] Identity identity() const { return {ids, modalias, iommu_group, incarnation}; }
    auto operator<=>(const Device&) const = default;
};

}  // namespace sysfs

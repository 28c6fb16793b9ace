// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

enum class NodeKind { kChar, kBlock };

/// The identity of a device node, independent of its path.
struct NodeNumber {
    NodeKind kind = NodeKind::kChar;
    unsigned major = 0;
    unsigned minor = 0;

    auto operator<=>(const NodeNumber&) const = default;
};

/// One node of the device: "/dev/" + name, of class `subsystem`.
struct DeviceNode {
    std::string name;
    std::string subsystem;
};

/// One block device on the device: its own disk or partition, or (`below` not empty) one that dm,
/// md, bcache or an nvme multipath head has stacked on another.
struct Block {
    std::string name;   ///< "nvme0n1p2", "dm-0"
    std::string label;  ///< the device mapper's name for it, a loop device's file, or empty
    std::string dir;    ///< its directory in sysfs, with the root
    std::string disk;   ///< the whole disk of a partition; its own name otherwise
    std::string below;  ///< the block device it stands on; empty for one of the device's own
    NodeNumber number;
    bool is_claimless = false;  ///< it stands there without a claim or a holder link: loop, zram

    /// "dm-0 (vg-home)"
    [[nodiscard]] std::string text() const;
};

/// Everything the kernel has created for one device, found by one walk of its directory: this must
/// be unused before the device is unbound. Children of a bridge or a VMD are included, group
/// devices that it is a part of, and mediated devices, with the nodes of their IOMMU groups.
struct DeviceSubtree {
    Device device;
    std::vector<Block> blocks;
    std::vector<std::string> netdevs;
    /// Devices with an interface that another network namespace has: their directory "net" is
    /// there, since it has a child (class_dir_create_and_add()), and empty for us.
    std::set<std::string> hidden_nets;
    std::set<std::string>
        bus_names;  ///< its own and those of devices on buses below it ("virtio1")
    std::map<NodeNumber, DeviceNode>
        nodes;                         ///< VFIO's own (`subsystem` "vfio", "vfio-dev") among them
    std::vector<std::string> unknown;  ///< directories that could not be read, and why
    std::vector<std::string> framebuffers;  ///< "fb0"; the firmware's in its memory among them
    std::string firmware_display;           ///< "fb0", "card0"; empty: none is in its memory
    std::vector<std::string> cards;         ///< "card0"
    std::vector<std::string> mdevs;         ///< "83b8f4f2-... (mtty-2)"
    std::vector<std::string> connectors;    ///< directories in sysfs, with the root
    std::vector<std::string> functions;     ///< of PCI, itself among them; as `connectors`
};

[[nodiscard]] DeviceSubtree read_device_subtree(const Root& root, const Device& device);

/// "259:3"
[[nodiscard]] std::optional<NodeNumber> parse_node_number(NodeKind kind, std::string_view text);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// The name of an IOMMU group that vfio made for a device without an IOMMU, or for an mdev.
inline constexpr std::string_view kNoiommuGroupName = "vfio-noiommu";

/// The group nodes of this host, by /sys/class/vfio: "15", or "noiommu-0". Only the class has them:
/// an emulated device's group (an mdev's) has the name "vfio-noiommu" as well.
class GroupNodes {
  public:
    [[nodiscard]] static GroupNodes read(const Root& root);
    /// The same for one group, looked up instead of listing all.
    [[nodiscard]] static GroupNodes read_one(const Root& root, int group);
    /// The node of this group. Where the class is missing, as in a partial capture, the expected
    /// one.
    [[nodiscard]] std::optional<std::string> node_for(int group, const DeviceDir& device) const;
    /// Is one of the nodes noiommu's, or is that unknown?
    [[nodiscard]] bool may_be_noiommu() const;

  private:
    std::optional<std::set<std::string>> names_;
};

/// The nodes of a device on a VFIO driver: it has an entry in vfio-dev/ (Linux 6.1), or, before, a
/// driver with a VFIO name. `out.driver` and `out.iommu_group` are set already.
[[nodiscard]] std::optional<VfioNodes> read_vfio_nodes(const DeviceDir& device,
                                                       const GroupNodes& groups, const Device& out);

/// Reads owner and mode of the nodes that exist below /dev/vfio.
void read_node_access(const Root& root, VfioNodes& nodes);

}  // namespace sysfs

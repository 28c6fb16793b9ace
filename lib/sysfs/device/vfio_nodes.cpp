// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/vfio_nodes.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "sysfs/device/group.hpp"

namespace sysfs {

namespace {

constexpr const char* kVfioClass = "/sys/class/vfio";
constexpr const char* kNoiommuPrefix = "noiommu-";

}  // namespace

// A kernel without the class has no group nodes; in a capture without it they are unknown.
GroupNodes GroupNodes::read(const Root& root) {
    GroupNodes out;
    const auto dir = base::Dir::open(root.path(kVfioClass));
    const auto names = dir ? dir->entries() : base::propagate(dir);
    if (names)
        out.names_.emplace(names->begin(), names->end());
    else if (root.is_live())
        out.names_.emplace();
    return out;
}

GroupNodes GroupNodes::read_one(const Root& root, int group) {
    GroupNodes out;
    const auto dir = base::Dir::open(root.path(kVfioClass));
    if (dir || root.is_live())
        out.names_.emplace();
    const std::string number = std::to_string(group);
    for (const std::string& name : {number, kNoiommuPrefix + number})
        if (dir && out.names_->empty() && dir->has(name))
            out.names_->insert(name);
    return out;
}

bool GroupNodes::may_be_noiommu() const {
    const auto is_noiommu = [](const std::string& name) {
        return name.starts_with(kNoiommuPrefix);
    };
    return !names_ || std::any_of(names_->begin(), names_->end(), is_noiommu);
}

std::optional<std::string> GroupNodes::node_for(int group, const DeviceDir& device) const {
    const std::string number = std::to_string(group);
    const std::string noiommu = kNoiommuPrefix + number;
    if (names_) {
        if (names_->contains(number))
            return number;
        return names_->contains(noiommu) ? std::optional(noiommu) : std::nullopt;
    }
    const bool is_noiommu_group = device.dir().attr("iommu_group/name") == kNoiommuGroupName;
    return is_noiommu_group && !device.has("mdev_type") ? noiommu : number;
}

namespace {

std::optional<NodeAccess> read_access(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode))
        return std::nullopt;
    return NodeAccess{.uid = status.st_uid, .gid = status.st_gid, .mode = status.st_mode & 07777U};
}

}  // namespace

void read_node_access(const Root& root, VfioNodes& nodes) {
    if (nodes.group)
        nodes.group_access = read_access(root.path("/dev/vfio/" + *nodes.group));
    if (nodes.cdev)
        nodes.cdev_access = read_access(root.path("/dev/vfio/devices/" + *nodes.cdev));
}

std::optional<VfioNodes> read_vfio_nodes(const DeviceDir& device, const GroupNodes& groups,
                                         const Device& out) {
    const bool has_cdevs = device.has("vfio-dev");
    const auto cdevs = has_cdevs
                           ? device.dir().entries("vfio-dev").value_or(std::vector<std::string>{})
                           : std::vector<std::string>{};
    const bool is_vfio = has_cdevs ? !cdevs.empty() : out.driver && is_vfio_driver(*out.driver);
    if (!is_vfio)
        return std::nullopt;
    std::optional<VfioNodes> nodes(std::in_place);
    // The entry is there without cdev support too; its `dev` tells that there is a node.
    if (has_cdevs && device.dir().has("vfio-dev/" + cdevs.front() + "/dev"))
        nodes->cdev = cdevs.front();
    if (out.iommu_group)
        nodes->group = groups.node_for(*out.iommu_group, device);
    return nodes;
}

}  // namespace sysfs

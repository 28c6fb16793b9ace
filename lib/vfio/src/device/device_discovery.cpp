// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/device/device_discovery.hpp"

#include "base/try.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/device/names.hpp"
#include "vfio/src/backend/blockers.hpp"

namespace vfio {

namespace {

Result<sysfs::Device> read_device(const sysfs::Root& root, const std::string& name) {
    if (const auto slash = name.find('/'); slash != std::string::npos)
        return sysfs::read_device(root, {name.substr(0, slash), name.substr(slash + 1)}, {});
    if (const auto uuid = sysfs::parse_uuid(name))
        return sysfs::read_device(root, {"mdev", *uuid}, {});
    if (const auto address = sysfs::parse_pci_address_loosely(name))
        return sysfs::read_device(root, {"pci", address->text()}, {});
    return base::fail(Code::kInvalid, "open", name, "neither an address, BUS/NAME nor a UUID");
}

}  // namespace

Result<DeviceNodes> find_nodes(const std::string& root, const std::string& name) {
    const sysfs::Device device = TRY(read_device({root}, name));
    if (!device.vfio)
        return base::fail(Code::kRefused, "open", device.id.display(),
                          device.driver ? "its driver is " + *device.driver + ", not a VFIO one"
                                        : "it has no driver",
                          "bind it first: vfioctl bind " + device.id.display());
    return DeviceNodes{
        .name = device.id.name, .group = device.vfio->group, .cdev = device.vfio->cdev};
}

Error with_blockers(Error error, const std::string& root, const DeviceNodes& nodes) {
    if (!nodes.group)
        return error;
    const std::string blockers = text(find_group_blockers({root}, *nodes.group));
    if (!blockers.empty())
        error.hint =
            "in its IOMMU group: " + blockers + (error.hint.empty() ? "" : "; ") + error.hint;
    return error;
}

}  // namespace vfio

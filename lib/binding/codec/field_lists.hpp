// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json.hpp>

#include "sysfs/device/inventory.hpp"
#include "sysfs/kernel/kernel.hpp"
#include "sysfs/module/drivers.hpp"
#include "sysfs/usage/usage.hpp"

/// The values of lib/sysfs field by field, by nlohmann's own macros, which work in the structs'
/// namespace. For lines between processes of ours and for files of the tests; what users see is
/// report.hpp's. What is left out has its default.

namespace nlohmann {
template <typename T>
struct adl_serializer<std::optional<T>> {
    static void to_json(json& out, const std::optional<T>& value) {
        out = value ? json(*value) : json(nullptr);
    }
    static void from_json(const json& in, std::optional<T>& value) {
        if (in.is_null())
            value.reset();
        else
            value = in.get<T>();
    }
};
}  // namespace nlohmann

namespace sysfs {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(DeviceId, bus, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(HardwareIds, vendor, device, subsystem_vendor,
                                                subsystem_device, class_code, revision)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SriovPf, total, enabled, autoprobe, vfs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SriovVf, pf, index)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(NodeAccess, uid, gid, mode)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(VfioNodes, group, cdev, group_access, cdev_access)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MdevType, id, device_api, available, name,
                                                description)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MdevState, parent, type)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(VgpuState, type)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Device, id, syspath, path, ids, modalias, driver,
                                                driver_override, has_override, iommu_group,
                                                numa_node, boot_vga, header_type, slot, serial,
                                                netdevs, reset_methods, sriov, vf, vfio, mdev,
                                                mdev_types, mdev_parent_name, vgpu, properties,
                                                attrs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Host, arch, kernel, machine_id, iommu, noiommu,
                                                users, groups)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ModuleAlias, pattern, module)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Drivers, aliases, modules, registered, warnings)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Use, kind, text, evidence)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ScanOptions, serial, properties, slots, resets,
                                                attrs, drivers, named_only, leave_out, access,
                                                users, groups, driver_buses, brief, other_buses,
                                                numa_nodes, revisions)
}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>

#include "tests/fake/world.hpp"

/// Every struct field by field, by the library's own macros; they work in the structs' namespaces.

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
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Ids, vendor, device, subsystem_vendor,
                                                subsystem_device, class_code, revision)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SriovPf, total, enabled, autoprobe, vfs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SriovVf, pf, index)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(VfioNodes, group, cdev)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MdevType, id, device_api, available, name,
                                                description)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MdevState, parent, type)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(
    Device, id, syspath, path, ids, modalias, driver, driver_override, has_override, iommu_group,
    numa_node, boot_vga, header_type, slot, serial, netdevs, reset_methods, sriov, vf, vfio, mdev,
    mdev_types, mdev_parent_name, properties, attrs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Host, arch, kernel, machine_id, iommu, noiommu)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Alias, pattern, module)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Drivers, aliases, modules, registered, warnings)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Use, kind, text, evidence)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(NodeAccess, uid, gid, mode)
}  // namespace sysfs

namespace fake {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(DriverSpec, bus, name, module, ids, override_only)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ProbeRefusal, device, driver, errnum, times)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Opened, device, holder)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LateVf, pf, index)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Script, fail, hang, hang_on, die_at, death,
                                                late_vfs, late_nodes, no_nodes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(World, host, devices, group_types, drivers, specs,
                                                uses, opened, refusals, leaving, access, late_vfs,
                                                parent_types, denylist, ap_masks_default, script,
                                                next_vfio, next_group, writes, trace)

std::string to_text(const World& world) {
    return nlohmann::json(world).dump();
}

World world_of_text(const std::string& text) {
    return nlohmann::json::parse(text).get<World>();
}

}  // namespace fake

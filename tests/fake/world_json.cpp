// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/values_json.hpp"
#include "tests/fake/world.hpp"

/// Every struct field by field, by the library's own macros; they work in the structs' namespaces.

namespace fake {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(DriverSpec, bus, name, module, ids, override_only)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ProbeRefusal, device, driver, errnum, times)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Opened, device, holder)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LateVf, pf, index)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Script, fail, hang, hang_on, die_at, death,
                                                late_vfs, late_nodes, no_nodes, hide_holders)
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

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/field_lists.hpp"
#include "tests/fake/kernel_state.hpp"

/// Every struct field by field, by the library's own macros; they work in the structs' namespaces.

namespace fake {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(DriverSpec, bus, name, module, ids, override_only)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ProbeRefusal, device, driver, errnum, times)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(OpenHolder, device, holder)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LateVf, pf, index)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(FaultPlan, fail, hang, hang_on, kill_at, death,
                                                late_vfs, late_nodes, no_nodes, hide_holders)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(KernelState, host, devices, group_types, drivers,
                                                specs, uses, opened, refusals, leaving, access,
                                                late_vfs, parent_types, denylist, ap_masks_default,
                                                faults, next_vfio, next_group, writes, trace)

std::string to_text(const KernelState& world) {
    return nlohmann::json(world).dump();
}

KernelState parse_kernel_state(const std::string& text) {
    return nlohmann::json::parse(text).get<KernelState>();
}

}  // namespace fake

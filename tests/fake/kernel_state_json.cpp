// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdexcept>

#include "binding/codec/field_lists.hpp"
#include "tests/fake/kernel_state.hpp"

namespace binding {

BINDD_ENUM(fake::KillScope, kParent, "process", "process_group", "parent")
BINDD_OMITTABLE_FIELDS(fake::DriverSpec, bus, name, module, ids, override_only)
BINDD_OMITTABLE_FIELDS(fake::ProbeRefusal, device, driver, errnum, times)
BINDD_OMITTABLE_FIELDS(fake::OpenHolder, device, holder)
BINDD_OMITTABLE_FIELDS(fake::LateVf, pf, index)
BINDD_OMITTABLE_FIELDS(fake::FaultPlan, fail, hang, hang_on, kill_at, death, late_vfs, late_nodes,
                       no_nodes, hide_holders)
BINDD_FIELD_LIST(fake::KernelState, BINDD_DEFAULTED_FIELD, host, devices, group_types, drivers,
                 specs, uses, opened, refusals, leaving, access, late_vfs, parent_types, denylist,
                 netdevs, ap_masks_default, faults, next_vfio, next_group, last_incarnation, writes,
                 trace)

}  // namespace binding

namespace fake {

std::string to_text(const KernelState& world) {
    return binding::encode_fields(world);
}

KernelState parse_kernel_state(const std::string& text) {
    auto state = binding::decode_fields<KernelState>(text, "a state of the fake kernel");
    if (!state)
        throw std::runtime_error(state.error().text());
    return *std::move(state);
}

}  // namespace fake

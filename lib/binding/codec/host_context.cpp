// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/host_context.hpp"

namespace binding {

HostContext HostContext::from(const sysfs::Inventory& inventory) {
    HostContext out{.host = inventory.host,
                    .group_types = {},
                    .group_names = {},
                    .warnings = inventory.warnings};
    for (const auto& [id, group] : inventory.groups) {
        out.group_types[id] = group.type;
        if (!group.name.empty())
            out.group_names[id] = group.name;
    }
    return out;
}

void HostContext::apply_to(sysfs::Inventory& inventory) const {
    inventory.host = host;
    inventory.warnings = warnings;
    for (const auto& [id, type] : group_types) {
        inventory.groups[id].id = id;
        inventory.groups[id].type = type;
    }
    for (const auto& [id, name] : group_names)
        inventory.groups[id].name = name;
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/view.hpp"

namespace bindd {

void View::decide() {
    bound_rules = journal_state.rules(inventory);
    Assessment::decide();
}

binding::DeviceState View::state(const sysfs::Device& device) const {
    return binding::with_last_result(
        binding::device_state(device, decision(device.id), transaction(device.id),
                              bound_rule(device.id)),
        device.id, latest);
}

namespace {

View::Difference difference(const sysfs::Inventory& before, const sysfs::Inventory& after) {
    View::Difference out;
    for (const sysfs::Device& device : after.devices) {
        const sysfs::Device* old = before.find(device.id);
        if (old == nullptr)
            out.appeared.insert(device.id);
        else if (*old != device)
            out.changed.insert(device.id);
    }
    for (const sysfs::Device& device : before.devices)
        if (after.find(device.id) == nullptr)
            out.vanished.insert(device.id);
    return out;
}

}  // namespace

View::Difference View::apply_full_scan(ScanResult scan, const std::set<sysfs::DeviceId>& kept) {
    sysfs::Inventory fresh;
    scan.context.apply_to(fresh);
    fresh.devices = std::move(scan.devices);
    for (const sysfs::Device& device : inventory.devices)
        if (kept.contains(device.id))
            fresh.devices.push_back(device);
    fresh.rebuild_index();
    Difference out = difference(inventory, fresh);
    warnings = fresh.warnings;
    inventory = std::move(fresh);
    if (scan.drivers)
        drivers = *std::move(scan.drivers);
    return out;
}

View::Difference View::apply_partial_scan(ScanResult scan,
                                          const std::vector<sysfs::DeviceId>& asked) {
    sysfs::Inventory found;
    scan.context.apply_to(found);
    found.devices = std::move(scan.devices);
    found.rebuild_index();
    Difference out;
    for (const sysfs::DeviceId& id : asked) {
        const sysfs::Device* old = inventory.find(id);
        const sysfs::Device* now = found.find(id);
        if (old == nullptr && now != nullptr)
            out.appeared.insert(id);
        else if (old != nullptr && now == nullptr)
            out.vanished.insert(id);
        else if (old != nullptr && *old != *now)
            out.changed.insert(id);
    }
    inventory.update(asked, std::move(found));
    if (scan.drivers)
        drivers = *std::move(scan.drivers);
    return out;
}

}  // namespace bindd

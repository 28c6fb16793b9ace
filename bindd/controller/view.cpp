// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/view.hpp"

namespace bindd {

const policy::Decision* View::decision(const sysfs::DeviceId& id) const {
    const auto found = decisions.find(id);
    return found == decisions.end() ? nullptr : &found->second;
}

const policy::Transaction* View::transaction(const sysfs::DeviceId& id) const {
    const auto found = transaction_of.find(id);
    return found == transaction_of.end() ? nullptr : &plan.transactions[found->second];
}

binding::DeviceState View::state(const sysfs::Device& device) const {
    return binding::with_last_result(
        binding::device_state(device, decision(device.id), transaction(device.id)), device.id,
        latest);
}

std::string View::group_key(const sysfs::DeviceId& id) const {
    const sysfs::Device* device = inventory.find(id);
    if (device != nullptr && device->iommu_group)
        return "group " + std::to_string(*device->iommu_group);
    return id.text();
}

std::string View::group_key(const policy::Transaction& transaction) const {
    if (transaction.group || transaction.devices.empty())
        return transaction.key();
    return group_key(transaction.devices.front());
}

std::vector<sysfs::DeviceId> View::members(const std::string& key) const {
    constexpr std::string_view kGroup = "group ";
    if (key.starts_with(kGroup)) {
        const auto number = base::parse_decimal(key.substr(kGroup.size()));
        const auto group = inventory.groups.find(number ? static_cast<int>(*number) : -1);
        return group == inventory.groups.end() ? std::vector<sysfs::DeviceId>{}
                                               : group->second.devices;
    }
    const std::size_t slash = key.find('/');
    const sysfs::DeviceId id{key.substr(0, slash),
                             slash == std::string::npos ? "" : key.substr(slash + 1)};
    return inventory.find(id) == nullptr ? std::vector<sysfs::DeviceId>{} : std::vector{id};
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

void View::decide() {
    decisions = policy::decide(policies, inventory, drivers);
}

void View::make_plan() {
    plan = policy::make_plan(policies, decisions, inventory, drivers, usage);
    transaction_of.clear();
    for (std::size_t at = 0; at < plan.transactions.size(); ++at)
        for (const sysfs::DeviceId& id : plan.transactions[at].devices)
            transaction_of[id] = at;
}

}  // namespace bindd

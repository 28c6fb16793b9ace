// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan_context.hpp"

#include <algorithm>
#include <map>

#include "policy/plan/driver_children.hpp"
#include "sysfs/device/names.hpp"

namespace policy {
namespace {

/// Does the decision change the driver? Then it concerns the whole group.
bool is_about_driver(const Decision& decision) {
    const auto names_driver = [](const Rule* rule) { return rule->driver.has_value(); };
    switch (decision.outcome) {
        case DecisionOutcome::kUnmanaged:
            return false;
        case DecisionOutcome::kProtected:
            return decision.refused->driver.has_value();
        case DecisionOutcome::kWanted:
            return names_driver(decision.rule);
        case DecisionOutcome::kConflict:
            return names_driver(decision.rule) ||
                   std::any_of(decision.conflicting_rules.begin(), decision.conflicting_rules.end(),
                               names_driver);
    }
    return false;
}

bool asks_for_something(const Decision& decision) {
    switch (decision.outcome) {
        case DecisionOutcome::kUnmanaged:
            return false;
        // A rule on a protected device is ignored; a request of the user is reported.
        case DecisionOutcome::kProtected:
            return decision.refused != nullptr;
        case DecisionOutcome::kConflict:
        case DecisionOutcome::kWanted:
            return true;
    }
    return false;
}

}  // namespace

bool device_less(const sysfs::DeviceId& a, const sysfs::DeviceId& b) {
    if (a.bus != b.bus)
        return a.bus == "pci" || (b.bus != "pci" && a.bus < b.bus);
    return sysfs::device_name_less(a.name, b.name);
}

std::vector<Unit> collect_units(const Decisions& decisions, const sysfs::Inventory& inventory) {
    std::map<int, Unit> groups;
    std::vector<Unit> singles;
    for (const auto& [id, decision] : decisions) {
        if (!asks_for_something(decision))
            continue;
        const sysfs::Device* device = inventory.find(id);
        if (device == nullptr || is_made_anew({device, &decision}, decisions, inventory))
            continue;
        if (const auto* parent = blocking_parent({device, &decision}, decisions, inventory))
            singles.push_back({std::nullopt, {{device, &decision}}, parent});
        else if (device->iommu_group && is_about_driver(decision)) {
            Unit& unit = groups[*device->iommu_group];
            unit.group = device->iommu_group;
            unit.members.push_back({device, &decision});
        } else {
            singles.push_back({std::nullopt, {{device, &decision}}, nullptr});
        }
    }
    std::sort(singles.begin(), singles.end(), [](const Unit& a, const Unit& b) {
        return device_less(a.members.front().device->id, b.members.front().device->id);
    });
    std::vector<Unit> units;
    units.reserve(groups.size() + singles.size());
    for (auto& [number, unit] : groups) {
        std::sort(unit.members.begin(), unit.members.end(), [](const Member& a, const Member& b) {
            return device_less(a.device->id, b.device->id);
        });
        units.push_back(std::move(unit));
    }
    std::move(singles.begin(), singles.end(), std::back_inserter(units));
    return units;
}

}  // namespace policy

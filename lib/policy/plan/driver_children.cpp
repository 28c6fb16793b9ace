// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/driver_children.hpp"

#include <algorithm>

#include "policy/plan/desired_state.hpp"
#include "policy/plan/refusal_reasons.hpp"

namespace policy {
namespace {

std::optional<Member> find_wanted(const sysfs::Device& device, const Decisions& decisions) {
    const Decision* decision = find_decision(decisions, device.id);
    if (decision == nullptr || decision->outcome != DecisionOutcome::kWanted)
        return std::nullopt;
    return Member{&device, decision};
}

bool is_taken(const sysfs::Device& parent, const Decisions& decisions) {
    const auto wanted = find_wanted(parent, decisions);
    return wanted && loses_driver(*wanted);
}

/// The directories above a PCI device are bridges, and the host bridge; one of header type 0 has
/// made the domain below it (vmd_enable_domain()).
const sysfs::Device* domain_owner(const sysfs::Device& child, const sysfs::Inventory& inventory) {
    const std::string& path = child.syspath;
    for (std::size_t end = path.rfind('/'); end != std::string::npos && end != 0;) {
        const std::size_t start = path.rfind('/', end - 1);
        if (start == std::string::npos)
            break;
        const auto* above = inventory.find({"pci", path.substr(start + 1, end - start - 1)});
        if (above != nullptr && !above->is_bridge())
            return above;
        end = start;
    }
    return nullptr;
}

}  // namespace

const sysfs::Device* find_mdev_parent(const sysfs::Inventory& inventory, const std::string& name) {
    const auto& devices = inventory.devices;
    const auto found = std::find_if(devices.begin(), devices.end(), [&](const auto& device) {
        return device.mdev_parent_name == name;
    });
    return found == devices.end() ? nullptr : &*found;
}

const sysfs::Device* driver_parent(const sysfs::Device& child, const sysfs::Inventory& inventory) {
    if (child.id.bus == "pci")
        return domain_owner(child, inventory);
    return child.mdev ? find_mdev_parent(inventory, child.mdev->parent) : nullptr;
}

const sysfs::Device* blocking_parent(const Member& child, const Decisions& decisions,
                                     const sysfs::Inventory& inventory) {
    const sysfs::Device* parent = driver_parent(*child.device, inventory);
    if (parent == nullptr || child.decision->outcome != DecisionOutcome::kWanted)
        return nullptr;
    const bool is_behind_vmd = parent->id.bus == "pci" && child.device->id.bus == "pci";
    return is_taken(*parent, decisions) || (is_behind_vmd && goes_to_vfio(child)) ? parent
                                                                                  : nullptr;
}

bool is_made_anew(const Member& child, const Decisions& decisions,
                  const sysfs::Inventory& inventory) {
    if (!child.device->vf)
        return false;
    const sysfs::Device* pf = inventory.find({"pci", child.device->vf->pf});
    const auto wanted = pf == nullptr ? std::nullopt : find_wanted(*pf, decisions);
    return wanted && pf->sriov && pf->sriov->enabled != 0 && vfs_to_set(*wanted);
}

Reason lives_through_reason(const Unit& unit, const Decisions& decisions) {
    const sysfs::DeviceId& child = unit.members.front().device->id;
    const sysfs::Device& parent = *unit.lives_through;
    const std::string on = parent.id.display() + " on " + parent.driver.value_or("no driver");
    if (is_taken(parent, decisions))
        return make_reason(ReasonCode::kDriverDenies, child,
                           "ends with the driver of " + parent.id.display() + ", which rule " +
                               find_decision(decisions, parent.id)->rule->name + " takes away",
                           on);
    return make_reason(ReasonCode::kDriverDenies, child,
                       "is behind " + parent.id.display() +
                           ", which does its DMA and interrupts: only that can be given away",
                       on);
}

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/change_notifier.hpp"

#include <utility>

namespace bindd {

using sysfs::Device;
using sysfs::DeviceId;

/// A group is there before its devices are, and goes after them.
void ChangeNotifier::notify_changes(const View& view, const StateOf& state) {
    const std::set<int> before = std::exchange(groups_, {});
    for (const auto& [id, group] : view.inventory.groups)
        groups_.insert(id);
    notify_vanished(view.inventory);
    for (const int group : groups_)
        if (!before.contains(group))
            notify(&Observer::group_appeared, group);
    const std::vector<const Device*> told = notify_devices(view, state);
    for (const int group : before)
        if (!groups_.contains(group))
            notify(&Observer::group_vanished, group);
    std::set<int> changed;
    for (const Device* device : told)
        if (device->iommu_group && before.contains(*device->iommu_group))
            changed.insert(*device->iommu_group);
    for (const int group : changed)
        notify(&Observer::group_changed, group);
    if (!told.empty())
        notify(&Observer::counts_changed);
}

void ChangeNotifier::notify_vanished(const sysfs::Inventory& inventory) {
    for (auto at = devices_.begin(); at != devices_.end();)
        if (inventory.find(at->first) != nullptr) {
            ++at;
        } else {
            const DeviceId gone = at->first;
            at = devices_.erase(at);
            notify(&Observer::device_vanished, gone);
        }
}

/// Those of which there was something to tell.
std::vector<const Device*> ChangeNotifier::notify_devices(const View& view, const StateOf& state) {
    std::vector<const Device*> told;
    for (const Device& device : view.inventory.devices) {
        const binding::DeviceState now = state(device);
        const policy::Decision* decision = view.decision(device.id);
        const std::string signature = now.state + "\t" + now.reason.value_or("") + "\t" +
                                      (decision != nullptr ? decision->why : "");
        const auto before = devices_.find(device.id);
        const bool appeared = before == devices_.end();
        if (!appeared && before->second == signature && !changed_.contains(device.id))
            continue;
        told.push_back(&device);
        devices_[device.id] = signature;
        notify(appeared ? &Observer::device_appeared : &Observer::device_changed, device.id);
    }
    changed_.clear();
    return told;
}

}  // namespace bindd

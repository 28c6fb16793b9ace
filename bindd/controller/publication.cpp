// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/publication.hpp"

#include <utility>
#include <vector>

#include "bindd/controller/queries.hpp"
#include "bindd/controller/step_context.hpp"

namespace bindd {

using sysfs::Device;

namespace {

void publish_vanished(StepContext& step) {
    std::erase_if(step.state.published.devices, [&](const auto& entry) {
        if (step.state.view.inventory.find(entry.first) != nullptr)
            return false;
        step.emit(NotifyDevice{NoticeKind::kVanished, entry.first});
        return true;
    });
}

/// Returns the devices that appeared or changed.
std::vector<const Device*> publish_devices(StepContext& step) {
    PublishedState& published = step.state.published;
    std::vector<const Device*> differing;
    for (const Device& device : step.state.view.inventory.devices) {
        const binding::DeviceState now = device_state(step.state, device);
        const policy::Decision* decision = step.state.view.decision(device.id);
        std::string signature = now.state + "\t" + now.reason.value_or("") + "\t" +
                                (decision != nullptr ? decision->why : "");
        const auto before = published.devices.find(device.id);
        const bool appeared = before == published.devices.end();
        if (!appeared && before->second == signature && !published.changed.contains(device.id))
            continue;
        differing.push_back(&device);
        published.devices[device.id] = std::move(signature);
        step.emit(NotifyDevice{appeared ? NoticeKind::kAppeared : NoticeKind::kChanged, device.id});
    }
    published.changed.clear();
    return differing;
}

}  // namespace

/// A group appears before its devices and vanishes after them.
void publish(StepContext& step) {
    std::set<int>& groups = step.state.published.groups;
    const std::set<int> before = std::exchange(groups, {});
    for (const auto& [id, group] : step.state.view.inventory.groups)
        groups.insert(id);
    publish_vanished(step);
    for (const int group : groups)
        if (!before.contains(group))
            step.emit(NotifyGroup{NoticeKind::kAppeared, group});
    const std::vector<const Device*> differing = publish_devices(step);
    for (const int group : before)
        if (!groups.contains(group))
            step.emit(NotifyGroup{NoticeKind::kVanished, group});
    std::set<int> changed;
    for (const Device* device : differing)
        if (device->iommu_group && before.contains(*device->iommu_group))
            changed.insert(*device->iommu_group);
    for (const int group : changed)
        step.emit(NotifyGroup{NoticeKind::kChanged, group});
    if (!differing.empty())
        step.emit(NotifyCounts{});
}

}  // namespace bindd

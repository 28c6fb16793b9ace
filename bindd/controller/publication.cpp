// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/publication.hpp"

#include <utility>
#include <vector>

#include "bindd/controller/step_context.hpp"
#include "binding/codec/json.hpp"
#include "binding/report/device_report.hpp"
#include "binding/report/plan_report.hpp"

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
        std::string signature = now.state + "\t" + now.reason.value_or("") + "\t" + now.note +
                                "\t" + (decision != nullptr ? decision->why : "");
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

binding::DeviceState device_state(const ControllerState& state, const sysfs::Device& device) {
    if (const std::string* why = state.quarantine.reason(device.id))
        return {"stuck", *why};
    binding::DeviceState result = state.view.state(device);
    const auto status = state.groups.find(state.view.group_key(device.id));
    if (result.state != "pending" || status == state.groups.end())
        return result;
    if (status->second.is_working())
        result = {result.state, "under way"};
    else if (!status->second.blocked_reason.empty())
        result = {result.state, status->second.blocked_reason, status->second.blocked_note};
    return result;
}

GroupState group_state(const ControllerState& state, int group) {
    const auto status = state.groups.find("group " + std::to_string(group));
    return status == state.groups.end() ? GroupState::kSettled : status->second.state;
}

std::map<std::string, unsigned> device_counts(const ControllerState& state) {
    std::map<std::string, unsigned> counts{{"unmanaged", 0}, {"bound", 0},    {"pending", 0},
                                           {"refused", 0},   {"conflict", 0}, {"failed", 0},
                                           {"stuck", 0}};
    for (const sysfs::Device& device : state.view.inventory.devices)
        ++counts[device_state(state, device).state];
    return counts;
}

base::Result<std::string> explain_json(const View& view, const sysfs::DeviceId& id,
                                       Disclosure disclosure) {
    const sysfs::Device* device = view.inventory.find(id);
    if (device == nullptr)
        return base::fail(base::Code::kNotFound, "explain", id.display(), "no such device");
    const policy::Decision unmanaged{.device = id,
                                     .outcome = policy::DecisionOutcome::kUnmanaged,
                                     .rule = nullptr,
                                     .conflicting_rules = {},
                                     .chain = {},
                                     .why = "no rule matches it: unmanaged, never touched"};
    const policy::Decision* found = view.decision(id);
    std::optional<policy::Transaction> transaction;
    if (const policy::Transaction* planned = view.transaction(id))
        transaction = redact(*planned, disclosure);
    return binding::dump(
        binding::explain_json(*device, view.policies, found == nullptr ? unmanaged : *found,
                              transaction ? &*transaction : nullptr, view.inventory));
}

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

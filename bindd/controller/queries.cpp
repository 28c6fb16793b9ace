// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/queries.hpp"

#include "binding/codec/json.hpp"
#include "binding/report/device_report.hpp"
#include "binding/report/explain_report.hpp"

namespace bindd {

binding::DeviceState device_state(const ControllerState& state, const sysfs::Device& device) {
    if (const std::string* why = state.quarantine.reason(device.id))
        return {"stuck", *why};
    binding::DeviceState result = state.view.state(device);
    const auto status = state.groups.find(state.view.group_key(device.id));
    if (result.state != "pending" || status == state.groups.end())
        return result;
    if (status->second.is_working())
        result.reason = "under way";
    else if (!status->second.blocked_reason.empty())
        result.reason = status->second.blocked_reason;
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

base::Result<std::string> explain_json(const View& view, const sysfs::DeviceId& id) {
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
    return binding::dump(binding::explain_json(*device, view.policies,
                                               found == nullptr ? unmanaged : *found,
                                               view.transaction(id), view.inventory));
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/view.hpp"

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
    binding::DeviceState state =
        binding::device_state(device, decision(device.id), transaction(device.id));
    const auto last = latest.find(device.id);
    // Only what is still outstanding can have failed: a device that is as wanted is well.
    if (state.state == "pending" && last != latest.end() &&
        (last->second.result == "failed" || last->second.result == "stuck" ||
         last->second.result == "rolled_back")) {
        state.state = last->second.result == "stuck" ? "stuck" : "failed";
        if (!last->second.error.empty())
            state.reason = last->second.error;
    }
    return state;
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

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/usage_check.hpp"

#include <algorithm>

#include "base/try.hpp"

namespace binding {
namespace {

/// The firmware's memory cannot have changed since the plan, which knows whether it matters.
bool is_accepted(const policy::Change& change, const sysfs::Use& use) {
    if (use.kind == sysfs::UseKind::kFirmwareMemory)
        return true;
    const auto& accepted = change.accepted_uses;
    return !use.essential &&
           std::find(accepted.begin(), accepted.end(), use.kind) != accepted.end();
}

}  // namespace

base::Result<void> check_usage(TransactionContext& context,
                               const std::vector<DeviceChange>& changes) {
    std::vector<sysfs::DeviceId> devices;
    for (const DeviceChange& each : changes)
        if (each.loses_driver())
            devices.push_back(each.preflight().now.id);
    if (devices.empty())
        return {};
    const sysfs::Inventory inventory = TRY(context.kernel.devices(devices, {}));
    const sysfs::Usage usage = context.kernel.usage(inventory, devices);
    for (const DeviceChange& each : changes) {
        const sysfs::DeviceId& id = each.preflight().now.id;
        const auto uses = usage.find(id);
        if (!each.loses_driver() || uses == usage.end())
            continue;
        for (const sysfs::Use& use : uses->second)
            if (!is_accepted(*each.preflight().change, use))
                return base::fail(base::Code::kStale, "check", id.display(),
                                  "came into use since it was planned: " + use.text +
                                      (use.evidence.empty() ? "" : " (" + use.evidence + ")"),
                                  "plan again");
    }
    return {};
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/usage_check.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/try.hpp"
#include "binding/transaction/release_selection.hpp"
#include "sysfs/device/names.hpp"

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

/// Does the release take a driver away? Of a device of ours it does what `undone` says. As
/// DeviceChange::release() decides it.
bool release_unbinds(const std::optional<std::string>& driver,
                     const std::optional<ManagedDevice>& undone) {
    if (!driver)
        return false;
    return undone ? *driver == undone->driver && driver != undone->before_driver
                  : sysfs::is_vfio_driver(*driver);
}

/// What `each` takes away: a driver, VFs, mdevs.
std::vector<sysfs::DeviceId> disturbed_by(const TransactionContext& context,
                                          const sysfs::Inventory& inventory,
                                          const DeviceChange& each) {
    const Preflight& preflight = each.preflight();
    const policy::Change& change = *preflight.change;
    const sysfs::DeviceId& id = preflight.now.id;
    std::vector<sysfs::DeviceId> out;
    if (preflight.gone)
        return out;
    const bool releases = change.to == policy::Change::To::kHost;
    std::optional<ManagedDevice> undone;
    if (releases && preflight.managed != nullptr) {
        undone = context.journal_state.to_undo(id, change.rollback);
        out = removed_with(*undone, inventory);
    }
    if ((each.changes_driver() && policy::disturbs_users(preflight.now, change.to)) ||
        (releases && release_unbinds(preflight.now.driver, undone)))
        out.push_back(id);
    const sysfs::Device* now = inventory.find(id);
    // One number of VFs becomes another only through 0.
    if (change.set_vfs && now != nullptr && now->sriov && now->sriov->vfs.size() != *change.set_vfs)
        for (const auto& [index, name] : now->sriov->vfs)
            out.push_back({"pci", name});
    for (const policy::MdevSpec& mdev : change.mdevs_to_stop)
        out.push_back({"mdev", mdev.uuid.value_or("")});
    return out;
}

base::Result<void> check_uses(const DeviceChange& each, const sysfs::DeviceId& id,
                              const sysfs::Usage& usage) {
    if (const auto uses = usage.find(id); uses != usage.end())
        for (const sysfs::Use& use : uses->second)
            if (!is_accepted(*each.preflight().change, use))
                return base::fail(base::Code::kStale, "check", id.display(),
                                  "came into use since it was planned: " + use.text +
                                      (use.evidence.empty() ? "" : " (" + use.evidence + ")"),
                                  "plan again");
    return {};
}

}  // namespace

base::Result<void> check_usage(TransactionContext& context,
                               const std::vector<DeviceChange>& changes) {
    std::vector<sysfs::DeviceId> ids;
    for (const DeviceChange& each : changes)
        if (!each.preflight().gone)
            ids.push_back(each.preflight().now.id);
    sysfs::Inventory inventory = TRY(context.kernel.devices(ids, {}));
    std::vector<std::pair<const DeviceChange*, sysfs::DeviceId>> disturbed;
    std::set<sysfs::DeviceId> devices;
    for (const DeviceChange& each : changes)
        for (const sysfs::DeviceId& id : disturbed_by(context, inventory, each)) {
            disturbed.emplace_back(&each, id);
            devices.insert(id);
        }
    if (disturbed.empty())
        return {};
    ids.assign(devices.begin(), devices.end());
    const auto is_known = [&](const sysfs::DeviceId& id) { return inventory.find(id) != nullptr; };
    if (!std::all_of(ids.begin(), ids.end(), is_known))  // VFs and mdevs that go
        inventory = TRY(context.kernel.devices(ids, {}));
    const sysfs::Usage usage = context.kernel.usage(inventory, ids);
    for (const auto& [each, id] : disturbed)
        TRY(check_uses(*each, id, usage));
    return {};
}

}  // namespace binding

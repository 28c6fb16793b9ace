// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/usage_check.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "base/try.hpp"
#include "binding/transaction/release_selection.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/sriov.hpp"

namespace binding {
namespace {

/// What the running system needs no plan can accept. The firmware's memory cannot have changed
/// since the plan, which knows whether it matters.
bool is_accepted(const policy::Change& change, const sysfs::Use& use) {
    if (use.essential)
        return false;
    const auto& accepted = change.accepted_uses;
    return use.kind == sysfs::UseKind::kFirmwareMemory ||
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
    // A rollback of a release takes the device from the driver that it went back to.
    const bool rebinds = releases && preflight.managed == nullptr && !change.rollback.empty();
    if ((each.changes_driver() && policy::disturbs_users(preflight.now, change.to)) || rebinds ||
        (releases && release_unbinds(preflight.now.driver, undone)))
        out.push_back(id);
    const sysfs::Device* now = inventory.find(id);
    // One number of VFs becomes another only through 0.
    if (change.set_vfs && now != nullptr && now->sriov && now->sriov->vfs.size() != *change.set_vfs)
        std::ranges::copy(sysfs::vf_ids(*now), std::back_inserter(out));
    for (const policy::MdevSpec& mdev : change.mdevs_to_stop)
        out.push_back({"mdev", mdev.uuid.value_or("")});
    return out;
}

std::string use_text(const sysfs::Use& use) {
    return use.text + (use.evidence.empty() ? "" : " (" + use.evidence + ")");
}

base::Result<void> check_uses(const policy::Change& change, const sysfs::DeviceId& id,
                              const sysfs::Usage& usage) {
    if (const auto uses = usage.find(id); uses != usage.end())
        for (const sysfs::Use& use : uses->second)
            if (!is_accepted(change, use))
                return base::fail(base::Code::kStale, "check", id.display(),
                                  "came into use since it was planned: " + use_text(use),
                                  "plan again");
    return {};
}

/// What does not keep a device on the host's driver: it had this when the transaction began, or
/// has no user.
bool keeps_on_host(const sysfs::Use& use) {
    return use.kind != sysfs::UseKind::kSignature && use.kind != sysfs::UseKind::kFirmwareMemory;
}

/// Who can have a device that is on a VFIO driver; unknown is a group that answers EBUSY. An unbind
/// would wait for them, so the undo does.
bool keeps_on_vfio(const sysfs::Use& use) {
    return use.kind == sysfs::UseKind::kVfioOpen || use.kind == sysfs::UseKind::kOpenFd ||
           use.kind == sysfs::UseKind::kVfsInUse || use.kind == sysfs::UseKind::kHolder ||
           use.kind == sysfs::UseKind::kUnknown;
}

base::Result<void> check_undo_uses(const sysfs::Device& device,
                                   const std::vector<sysfs::Use>& uses) {
    const bool on_host =
        device.driver && device.id.bus != "mdev" && !sysfs::is_vfio_driver(*device.driver);
    const auto use =
        std::find_if(uses.begin(), uses.end(), on_host ? keeps_on_host : keeps_on_vfio);
    if (use == uses.end())
        return {};
    if (on_host)
        return base::fail(
            base::Code::kRefused, "undo", device.id.display(),
            "the host uses it, so it stays on " + *device.driver + ": " + use_text(*use));
    auto busy = base::fail(base::Code::kBusy, "undo", device.id.display(), use_text(*use));
    busy.value().errnum = EBUSY;
    return busy;
}

/// An mdev without a name would stand for every holder: of a file system too.
bool is_of_mdevs(const sysfs::Use& use, const std::set<sysfs::DeviceId>& children) {
    return use.kind == sysfs::UseKind::kHolder && !use.essential &&
           std::ranges::any_of(children, [&](const sysfs::DeviceId& child) {
               return child.bus == "mdev" && !child.name.empty() &&
                      use.evidence.starts_with(child.name);
           });
}

/// The undo of a number of VFs removes all of them, those too that appear while it looks.
bool is_of_made(const sysfs::Use& use, const std::set<sysfs::DeviceId>& made) {
    return use.kind == sysfs::UseKind::kVfsInUse
               ? std::ranges::any_of(made, [](const auto& child) { return child.bus == "pci"; })
               : is_of_mdevs(use, made);
}

}  // namespace

bool is_of_children(const sysfs::Use& use, const std::set<sysfs::DeviceId>& children,
                    const sysfs::DeviceId& device, const sysfs::Inventory& inventory) {
    const auto is_child = [&](const sysfs::DeviceId& id) { return children.contains(id); };
    if (use.kind != sysfs::UseKind::kVfsInUse)
        return is_of_mdevs(use, children);
    const sysfs::Device* pf = inventory.find(device);
    return pf != nullptr && pf->sriov && !pf->sriov->vfs.empty() &&
           std::ranges::all_of(sysfs::vf_ids(*pf), is_child);
}

base::Result<void> UsageRecheck::check_all(const std::vector<DeviceChange>& changes) {
    std::vector<sysfs::DeviceId> ids;
    for (const DeviceChange& each : changes)
        if (!each.preflight().gone)
            ids.push_back(each.preflight().now.id);
    sysfs::Inventory inventory = TRY(context_.kernel.devices(ids, {}));
    std::vector<std::pair<const DeviceChange*, sysfs::DeviceId>> disturbed;
    for (const DeviceChange& each : changes)
        for (const sysfs::DeviceId& id : disturbed_by(context_, inventory, each)) {
            disturbed.emplace_back(&each, id);
            just_checked_.insert(id);
        }
    if (disturbed.empty())
        return {};
    ids.assign(just_checked_.begin(), just_checked_.end());
    const auto is_known = [&](const sysfs::DeviceId& id) { return inventory.find(id) != nullptr; };
    if (!std::all_of(ids.begin(), ids.end(), is_known))  // VFs and mdevs that go
        inventory = TRY(context_.kernel.devices(ids, {}));
    sysfs::Usage usage = context_.kernel.usage(inventory, ids);
    for (auto& [id, uses] : usage)  // clang 14 captures no structured binding
        std::erase_if(uses, [this, &inventory, &device = id](const sysfs::Use& use) {
            return is_of_children(use, just_checked_, device, inventory);
        });
    for (const auto& [each, id] : disturbed)
        TRY(check_uses(*each->preflight().change, id, usage));
    return {};
}

base::Result<void> UsageRecheck::check_loss(const policy::Change& change,
                                            const std::vector<sysfs::DeviceId>& lost) {
    const std::set<sysfs::DeviceId> checked = std::exchange(just_checked_, {});
    const auto was_checked = [&](const sysfs::DeviceId& id) { return checked.contains(id); };
    if (std::all_of(lost.begin(), lost.end(), was_checked))
        return {};
    context_.on_step("look who uses " + lost.front().display());
    const sysfs::Inventory inventory = TRY(context_.kernel.devices(lost, {}));
    const sysfs::Usage usage = context_.kernel.usage(inventory, lost);
    for (const sysfs::DeviceId& id : lost)
        TRY(check_uses(change, id, usage));
    return {};
}

base::Result<void> check_undo_loss(sysfs::Kernel& kernel, const std::vector<sysfs::DeviceId>& lost,
                                   const std::set<sysfs::DeviceId>& made) {
    const sysfs::Inventory inventory = TRY(kernel.devices(lost, {}));
    sysfs::Usage usage = kernel.usage(inventory, lost);
    for (auto& [id, uses] : usage) {
        std::erase_if(uses, [&made](const sysfs::Use& use) { return is_of_made(use, made); });
        if (const sysfs::Device* device = inventory.find(id))
            TRY(check_undo_uses(*device, uses));
    }
    return {};
}

}  // namespace binding

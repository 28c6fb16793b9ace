// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <memory>
#include <utility>

#include "bindd/controller/host_controller.hpp"
#include "binding/policies/udev_rules_file.hpp"

/// When the controller looks, and at what: at the whole host, or at the groups that were stirred,
/// once they are quiet.
namespace bindd {

using base::Result;
using sysfs::DeviceId;

namespace {

/// What is plugged in from now on meets the policies' rules before udev loads a driver for it.
void update_udev_rules(const binding::StateDir& state, const View& view, const Log& log) {
    const auto left_out =
        binding::write_udev_rules(state, view.policies, view.drivers, view.inventory.host);
    if (!left_out)
        log.write(Level::kWarning, LogEvent::kWarning, left_out.error().text());
}

/// A group may have gone and come back while a look was under way: its new status knows nothing of
/// the old one's, and numbers are never given twice.
void record_scanned(std::map<std::string, GroupStatus>& groups,
                    const std::map<std::string, unsigned>& requests) {
    for (const auto& [key, request] : requests)
        if (const auto status = groups.find(key); status != groups.end())
            status->second.last_scanned = std::max(status->second.last_scanned, request);
}

}  // namespace

/// Something may have changed anywhere.
void HostController::scan_all() {
    const auto requests = std::make_shared<std::map<std::string, unsigned>>();
    for (auto& [key, status] : groups_) {
        status.state = status.is_working() || status.state == GroupState::kStuck
                           ? status.state
                           : next(status.state, GroupEvent::kChanged).state;
        (*requests)[key] = status.last_requested = ++last_scan_request_;
        coalescer_.forget(key);
    }
    dirty_.clear();
    scanner_.scan_host([this, requests, left_out = quarantine_.devices()](
                           const Result<View::Difference>& difference) {
        if (!difference && quarantine_.devices() != left_out)
            return;  // it is known now which device hangs, and a look without it is on its way
        scanned_ = true;
        if (!difference) {
            deps_.log.write(Level::kError, LogEvent::kWarning, difference.error().text());
            return readiness_.become_ready();
        }
        record_scanned(groups_, *requests);
        scanner_.invalidate_all_usage();
        update_udev_rules(deps_.state, view_, deps_.log);
        on_scanned({}, *difference);
    });
}

void HostController::schedule_scan(const std::string& key) {
    groups_[key].last_requested = ++last_scan_request_;
    coalescer_.mark_dirty(key, std::chrono::steady_clock::now());
    schedule_wakeup();
}

void HostController::schedule_wakeup() {
    const auto next = coalescer_.next();
    if (!next)
        return wakeup_timer_.disarm();
    const auto left = *next - std::chrono::steady_clock::now();
    wakeup_timer_.arm(std::max(std::chrono::duration_cast<std::chrono::microseconds>(left),
                               std::chrono::microseconds(0)));
}

void HostController::scan_due() {
    const auto requests = std::make_shared<std::map<std::string, unsigned>>();
    std::set<std::string> keys;
    DeviceIds ids;
    for (const std::string& key : coalescer_.take_due(std::chrono::steady_clock::now())) {
        (*requests)[key] = groups_[key].last_requested;
        keys.insert(key);
        for (const DeviceId& id : view_.members(key))
            dirty_.insert(id);
    }
    schedule_wakeup();
    if (keys.empty())
        return;
    ids = take_dirty(keys);
    quarantine_.remove_from(ids);
    scanner_.scan_devices(
        ids, scanner_.wanted(), [this, ids, requests](const Result<View::Difference>& difference) {
            record_scanned(groups_, *requests);
            if (!difference) {
                deps_.log.write(Level::kWarning, LogEvent::kWarning, difference.error().text());
                return finish_jobs();
            }
            on_scanned(ids, *difference);
        });
}

/// The devices to be read of these groups; and those of a group that nobody is going to look at: a
/// device that came or went since it was noted has got another key. What is at work is looked at
/// when it has ended.
HostController::DeviceIds HostController::take_dirty(const std::set<std::string>& keys) {
    DeviceIds ids;
    for (auto id = dirty_.begin(); id != dirty_.end();) {
        const std::string key = view_.group_key(*id);
        const auto status = groups_.find(key);
        const bool working = status != groups_.end() && status->second.is_working();
        if (!keys.contains(key) && (working || coalescer_.is_waiting(key))) {
            ++id;
        } else {
            ids.push_back(*id);
            id = dirty_.erase(id);
        }
    }
    return ids;
}

void HostController::on_scanned(const DeviceIds& ids, const View::Difference& difference) {
    for (const DeviceId& id : ids)
        scanner_.invalidate_usage(id);
    for (const DeviceId& id : difference.vanished)
        scanner_.invalidate_usage(id);
    notifier_.mark_changed(difference.changed);
    // While it was away its events went by its name, not by its group.
    for (const DeviceId& id : difference.appeared)
        groups_[view_.group_key(id)].reset_history();
    mark_physical_functions_dirty(difference);
    refresh_journal_state(JournalChange::kForeign);
    manual_state_.prune(view_.inventory);
    assess();
}

/// A VF that came or went shows in its PF's links.
void HostController::mark_physical_functions_dirty(const View::Difference& difference) {
    for (const DeviceId& id : difference.appeared) {
        const sysfs::Device* device = view_.inventory.find(id);
        if (device != nullptr && device->vf && notifier_.is_published({"pci", device->vf->pf})) {
            dirty_.insert({"pci", device->vf->pf});
            advance(view_.group_key({"pci", device->vf->pf}), GroupEvent::kChanged);
        }
    }
    if (difference.vanished.empty())
        return;
    for (const sysfs::Device& device : view_.inventory.devices)
        if (device.sriov && !device.sriov->vfs.empty())
            for (const auto& [index, name] : device.sriov->vfs)
                if (difference.vanished.contains({"pci", name})) {
                    dirty_.insert(device.id);
                    advance(view_.group_key(device.id), GroupEvent::kChanged);
                    break;
                }
}

}  // namespace bindd

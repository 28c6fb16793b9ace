// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <memory>
#include <utility>

#include "binding/hotplug_rules.hpp"
#include "bindd/host_keeper.hpp"

/// When the keeper looks, and at what: at the whole host, or at the groups that were stirred, once they are quiet.
namespace bindd {

using sysfs::DeviceId;
using sysfs::Result;

namespace {

/// What is plugged in from now on meets the policies' rules before udev loads a driver for it.
void tell_udev(const binding::StateDir& state, const View& view, const Log& log) {
    const auto left_out =
        binding::write_hotplug_rules(state, view.policies, view.drivers, view.inventory.host);
    if (!left_out)
        log.say(Level::kWarning, Message::kWarning, left_out.error().text());
}

/// A group may have gone and come back while a look was under way: its new track knows nothing of the old one's, and
/// numbers are never given twice.
void note_seen(std::map<std::string, GroupTrack>& tracks, const std::map<std::string, unsigned>& stirs) {
    for (const auto& [key, stir] : stirs)
        if (const auto track = tracks.find(key); track != tracks.end())
            track->second.seen = std::max(track->second.seen, stir);
}

}  // namespace

/// Something may have changed anywhere.
void HostKeeper::look_at_all() {
    const auto stirs = std::make_shared<std::map<std::string, unsigned>>();
    for (auto& [key, track] : tracks_) {
        track.state = track.at_work() || track.state == GroupState::kStuck
                          ? track.state
                          : next(track.state, GroupEvent::kChanged).state;
        (*stirs)[key] = track.stirs = ++last_stir_;
        coalescer_.forget(key);
    }
    dirty_.clear();
    lookout_.look([this, stirs, left_out = untouchable_.devices()](const Result<View::Difference>& difference) {
        if (!difference && untouchable_.devices() != left_out)
            return;  // it is known now which device hangs, and a look without it is on its way
        looked_ = true;
        if (!difference) {
            parts_.log.say(Level::kError, Message::kWarning, difference.error().text());
            return readiness_.become_ready();
        }
        note_seen(tracks_, *stirs);
        lookout_.doubt_all_usage();
        tell_udev(parts_.state, view_, parts_.log);
        took({}, *difference);
    });
}

void HostKeeper::look_at(const std::string& key) {
    tracks_[key].stirs = ++last_stir_;
    coalescer_.stir(key, std::chrono::steady_clock::now());
    wake();
}

void HostKeeper::wake() {
    const auto next = coalescer_.next();
    if (!next)
        return wake_.disarm();
    const auto left = *next - std::chrono::steady_clock::now();
    wake_.arm(std::max(std::chrono::duration_cast<std::chrono::microseconds>(left),
                       std::chrono::microseconds(0)));
}

void HostKeeper::look_at_due() {
    const auto stirs = std::make_shared<std::map<std::string, unsigned>>();
    std::set<std::string> keys;
    Ids ids;
    for (const std::string& key : coalescer_.take_due(std::chrono::steady_clock::now())) {
        (*stirs)[key] = tracks_[key].stirs;
        keys.insert(key);
        for (const DeviceId& id : view_.members(key))
            dirty_.insert(id);
    }
    wake();
    if (keys.empty())
        return;
    ids = take_dirty(keys);
    untouchable_.take_out_of(ids);
    lookout_.read(ids, lookout_.wanted(), [this, ids, stirs](const Result<View::Difference>& difference) {
        note_seen(tracks_, *stirs);
        if (!difference) {
            parts_.log.say(Level::kWarning, Message::kWarning, difference.error().text());
            return finish_settled();
        }
        took(ids, *difference);
    });
}

/// The devices to be read of these groups; and those of a group that nobody is going to look at: a device that came or
/// went since it was noted has got another key. What is at work is looked at when it has ended.
HostKeeper::Ids HostKeeper::take_dirty(const std::set<std::string>& keys) {
    Ids ids;
    for (auto id = dirty_.begin(); id != dirty_.end();) {
        const std::string key = view_.key_of(*id);
        const auto track = tracks_.find(key);
        const bool at_work = track != tracks_.end() && track->second.at_work();
        if (!keys.contains(key) && (at_work || coalescer_.is_waiting(key))) {
            ++id;
        } else {
            ids.push_back(*id);
            id = dirty_.erase(id);
        }
    }
    return ids;
}

void HostKeeper::took(const Ids& ids, const View::Difference& difference) {
    for (const DeviceId& id : ids)
        lookout_.doubt_usage(id);
    for (const DeviceId& id : difference.vanished)
        lookout_.doubt_usage(id);
    audience_.note(difference.changed);
    // While it was away its events went by its name, not by its group.
    for (const DeviceId& id : difference.appeared)
        tracks_[view_.key_of(id)].begin_anew();
    stir_physical_functions(difference);
    refresh_ledger(Whose::kAnyones);
    marks_.keep(view_.inventory);
    assess();
}

/// A VF that came or went shows in its PF's links.
void HostKeeper::stir_physical_functions(const View::Difference& difference) {
    for (const DeviceId& id : difference.appeared) {
        const sysfs::Device* device = view_.inventory.find(id);
        if (device != nullptr && device->vf && audience_.knows({"pci", device->vf->pf})) {
            dirty_.insert({"pci", device->vf->pf});
            stir(view_.key_of({"pci", device->vf->pf}), GroupEvent::kChanged);
        }
    }
    if (difference.vanished.empty())
        return;
    for (const sysfs::Device& device : view_.inventory.devices)
        if (device.sriov && !device.sriov->vfs.empty())
            for (const auto& [index, name] : device.sriov->vfs)
                if (difference.vanished.contains({"pci", name})) {
                    dirty_.insert(device.id);
                    stir(view_.key_of(device.id), GroupEvent::kChanged);
                    break;
                }
}

}  // namespace bindd

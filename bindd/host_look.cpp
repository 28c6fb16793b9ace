// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <utility>

#include "binding/hotplug_rules.hpp"
#include "binding/wire.hpp"
#include "bindd/host_keeper.hpp"

/// How the keeper sees the host: through the executor's readers, all of it or some devices, never those that a
/// transaction which did not come back has in hand.
namespace bindd {

using binding::of_wire;
using binding::to_wire;
using sysfs::DeviceId;
using sysfs::Result;

namespace {

/// What a look's lines come to, until it ends.
struct Collected {
    View::Look look;
    std::optional<sysfs::Error> error;

    template <typename T, typename Take>
    void take(const std::string& text, const Take& put) {
        auto value = of_wire<T>(text);
        if (value)
            put(*std::move(value));
        else
            error = value.error();
    }
    void line(const std::vector<std::string>& parts) {
        if (parts.size() != 2)
            return;
        if (parts[0] == "device")
            take<sysfs::Device>(parts[1], [this](auto device) { look.devices.push_back(std::move(device)); });
        else if (parts[0] == "around")
            take<binding::Surround>(parts[1], [this](auto around) { look.around = std::move(around); });
        else if (parts[0] == "drivers")
            take<sysfs::Drivers>(parts[1], [this](auto drivers) { look.drivers = std::move(drivers); });
    }
};

}  // namespace

void HostKeeper::collect(const std::string& request, Looked looked) {
    const auto collected = std::make_shared<Collected>();
    parts_.executor.ask(
        request, [collected](const auto& parts) { collected->line(parts); },
        [collected, looked = std::move(looked)](const Result<void>& ended) {
            if (!ended)
                looked(sysfs::propagate(ended));
            else if (collected->error)
                looked(tl::unexpected<sysfs::Error>(*collected->error));
            else
                looked(std::move(collected->look));
        });
}

sysfs::Wanted HostKeeper::wanted() const {
    sysfs::Wanted wanted = view_.policies.wanted();
    // Who asks over the bus may want to be shown these.
    wanted.slots = true;
    wanted.resets = true;
    wanted.leave_out = unreadable();
    return wanted;
}

std::set<DeviceId> HostKeeper::unreadable() const {
    std::set<DeviceId> all;
    for (const auto& [txn, stuck] : stuck_)
        all.insert(stuck.devices.begin(), stuck.devices.end());
    return all;
}

/// The whole host, into the view. What was left out stays as it was, also when it can be read again by the time the
/// answer comes.
void HostKeeper::look(Seen seen) {
    drivers_stale_ = false;
    collect("look\t" + to_wire(wanted()), [this, number = look_order_.begin(), kept = unreadable(),
                                           seen = std::move(seen)](Result<View::Look> found) mutable {
        if (!found) {
            drivers_stale_ = true;
            look_order_.end(number, {});
            return seen(sysfs::propagate(found));
        }
        const auto note_overtaken = [&](const std::vector<sysfs::Device>& devices) {
            for (const sysfs::Device& device : devices)
                if (look_order_.is_overtaken(number, device.id))
                    kept.insert(device.id);
        };
        note_overtaken(found->devices);
        note_overtaken(view_.inventory.devices);
        std::erase_if(found->devices, [&](const auto& device) { return kept.contains(device.id); });
        look_order_.end_whole(number);
        seen(view_.take_whole(*std::move(found), kept));
    });
}

/// Some devices, into the view.
void HostKeeper::read(const Ids& ids, const sysfs::Wanted& what, Seen seen) {
    const bool with_drivers = std::exchange(drivers_stale_, false);
    collect("read\t" + to_wire(ids) + "\t" + to_wire(what) + "\t" + (with_drivers ? "drivers" : "-"),
            [this, number = look_order_.begin(), asked = ids, with_drivers,
             seen = std::move(seen)](Result<View::Look> found) mutable {
                if (!found) {
                    drivers_stale_ = drivers_stale_ || with_drivers;
                    look_order_.end(number, {});
                    return seen(sysfs::propagate(found));
                }
                std::erase_if(asked, [&](const DeviceId& id) { return look_order_.is_overtaken(number, id); });
                std::erase_if(found->devices, [&](const sysfs::Device& device) {
                    return look_order_.is_overtaken(number, device.id);
                });
                look_order_.end(number, asked);
                seen(view_.take_some(*std::move(found), asked));
            });
}

/// Asks who uses these devices and puts it into the view. Without an answer nothing is known of them, and what is
/// not known to be free is not taken.
void HostKeeper::with_usage(Ids ids, Done done) {
    std::string request = "usage";
    std::erase_if(ids, [this](const DeviceId& id) { return view_.inventory.find(id) == nullptr; });
    for (const DeviceId& id : ids)
        request += "\t" + to_wire(*view_.inventory.find(id));
    if (ids.empty())
        return done({});
    const auto found = std::make_shared<sysfs::Usage>();
    parts_.executor.ask(
        request,
        [found](const auto& parts) {
            if (parts.size() == 2 && parts[0] == "usage")
                if (auto usage = of_wire<sysfs::Usage>(parts[1]))
                    *found = *std::move(usage);
        },
        [this, found, ids = std::move(ids), done = std::move(done)](const Result<void>& ended) {
            for (const DeviceId& id : ids) {
                view_.usage.erase(id);
                if (ended)
                    usage_known_.insert(id);
            }
            view_.usage.merge(*found);
            done(ended);
        });
}

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
    look([this, stirs, left_out = unreadable()](const Result<View::Difference>& difference) {
        if (!difference && unreadable() != left_out)
            return;  // it is known now which device hangs, and a look without it is on its way
        looked_ = true;
        if (!difference) {
            parts_.log.say(Level::kError, Message::kWarning, difference.error().text());
            return become_ready();
        }
        saw(*stirs);
        usage_known_.clear();
        tell_udev();
        took({}, *difference);
    });
}

/// What is plugged in from now on meets the policies' rules before udev loads a driver for it.
void HostKeeper::tell_udev() {
    const auto left_out = binding::write_hotplug_rules(parts_.state, view_.policies, view_.drivers,
                                                       view_.inventory.host);
    if (!left_out)
        parts_.log.say(Level::kWarning, Message::kWarning, left_out.error().text());
}

/// A group may have gone and come back while a look was under way: its new track knows nothing of the old
/// one's, and numbers are never given twice.
void HostKeeper::saw(const std::map<std::string, unsigned>& stirs) {
    for (const auto& [key, stir] : stirs)
        if (const auto track = tracks_.find(key); track != tracks_.end())
            track->second.seen = std::max(track->second.seen, stir);
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
    const std::set<DeviceId> untouchable = unreadable();
    for (const std::string& key : coalescer_.take_due(std::chrono::steady_clock::now())) {
        (*stirs)[key] = tracks_[key].stirs;
        keys.insert(key);
        for (const DeviceId& id : members(key))
            dirty_.insert(id);
    }
    wake();
    if (keys.empty())
        return;
    ids = take_dirty(keys);
    std::erase_if(ids, [&](const DeviceId& id) { return untouchable.contains(id); });
    read(ids, wanted(), [this, ids, stirs](const Result<View::Difference>& difference) {
        saw(*stirs);
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
        const std::string key = key_of(*id);
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
        usage_known_.erase(id);
    for (const DeviceId& id : difference.vanished)
        usage_known_.erase(id);
    changed_.insert(difference.changed.begin(), difference.changed.end());
    // While it was away its events went by its name, not by its group.
    for (const DeviceId& id : difference.appeared)
        tracks_[key_of(id)].begin_anew();
    stir_physical_functions(difference);
    refresh_ledger(Whose::kAnyones);
    marks_.keep(view_.inventory);
    assess();
}

/// A VF that came or went shows in its PF's links.
void HostKeeper::stir_physical_functions(const View::Difference& difference) {
    for (const DeviceId& id : difference.appeared) {
        const sysfs::Device* device = view_.inventory.find(id);
        if (device != nullptr && device->vf && published_.contains({"pci", device->vf->pf})) {
            dirty_.insert({"pci", device->vf->pf});
            stir(key_of({"pci", device->vf->pf}), GroupEvent::kChanged);
        }
    }
    if (difference.vanished.empty())
        return;
    for (const sysfs::Device& device : view_.inventory.devices)
        if (device.sriov && !device.sriov->vfs.empty())
            for (const auto& [index, name] : device.sriov->vfs)
                if (difference.vanished.contains({"pci", name})) {
                    dirty_.insert(device.id);
                    stir(key_of(device.id), GroupEvent::kChanged);
                    break;
                }
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "binding/journal.hpp"
#include "binding/wire.hpp"
#include "bindd/host_keeper.hpp"

/// What comes to the keeper from outside: uevents, the executor's notices, what other processes write into the
/// journal, policy files.
namespace bindd {

using binding::of_wire;
using sysfs::DeviceId;
using sysfs::Result;

namespace {

constexpr const char* kModulesKey = "modules";  ///< stirred when only the drivers must be looked at again

constexpr const char* kOverrideFile = "/driver_override";

/// A device that must not be read, as the journal knew it.
sysfs::Device remembered(const binding::Held& held) {
    sysfs::Device device;
    device.id = held.device;
    device.ids = held.identity.ids;
    device.modalias = held.identity.modalias;
    device.iommu_group = held.identity.iommu_group;
    device.driver = held.before.driver;
    device.driver_override = held.before.driver_override;
    device.has_override = true;
    return device;
}

}  // namespace

void HostKeeper::event(const HostEvent& event) {
    switch (event.kind) {
        case HostEvent::Kind::kLost:
            parts_.log.say(Level::kWarning, Message::kWarning,
                           "events were lost: looking at the whole host");
            return look_at_all();
        case HostEvent::Kind::kModules:
            lookout_.mind_drivers();
            return look_at(kModulesKey);
        case HostEvent::Kind::kPlugged:
            // One that is there already is announced anew: `udevadm trigger`, or udev was slower than our look.
            if (looked_ && view_.inventory.find(event.device) == nullptr)
                plugged(event.device);
            break;
        case HostEvent::Kind::kUnplugged: plugged(event.device); break;
        case HostEvent::Kind::kChanged: break;
    }
    dirty_.insert(event.device);
    stir(view_.key_of(event.device), GroupEvent::kChanged);
}

/// Another device, or the same anew: what was done to the one before says nothing of it.
void HostKeeper::plugged(const DeviceId& id) {
    marks_.clear(id);
    tracks_[view_.key_of(id)].begin_anew();
    if (view_.ledger.bound.erase(id) == 0)
        return;
    forgetting_.insert(id);
    parts_.executor.ask("forget\t" + binding::to_wire(Ids{id}), {}, [this, id](const Result<void>&) {
        forgetting_.erase(id);
        refresh_ledger(Whose::kOurs);
    });
}

void HostKeeper::stir(const std::string& key, GroupEvent event) {
    GroupTrack& track = tracks_[key];
    const GroupStep step = next(track.state, event);
    track.state = step.state;
    switch (step.action) {
        case GroupAction::kNone: break;
        case GroupAction::kLook: look_at(key); break;
        case GroupAction::kForget:
            tracks_.erase(key);
            coalescer_.forget(key);
            break;
    }
}

/// What is in flight is what the executor finds to be, and nothing else: it says of each when it is undone. By our own
/// reading, of another moment, we would wait for ever for what our predecessor's executor has ended in between.
/// Events wait for it too: they must not have us read what is in flight.
void HostKeeper::recover() {
    refresh_ledger(Whose::kOurs);
    parts_.executor.ask(
        "recover", [this](const auto& parts) { notice(parts); },
        [this](const Result<void>& begun) {
            if (!begun)
                parts_.log.say(Level::kError, Message::kWarning, begun.error().text());
            parts_.events.start([this](const HostEvent& event) { this->event(event); });
            look_at_all();
        });
}

/// A transaction that nobody carries out any more, by the record of its beginning: it is being undone.
void HostKeeper::interrupted(const std::string& record) {
    const auto decoded = binding::decode(record);
    const auto* begun = decoded ? std::get_if<binding::BeginRecord>(&*decoded) : nullptr;
    if (begun == nullptr)
        return;
    std::vector<sysfs::Device> devices;
    for (const binding::Held& held : begun->devices)
        devices.push_back(remembered(held));
    set_aside(begun->txn, "transaction " + begun->txn + " was interrupted and is being undone", devices);
}

/// Not to be read or touched until the executor says that it is over.
void HostKeeper::set_aside(const std::string& txn, const std::string& why, const std::vector<sysfs::Device>& devices) {
    std::set<DeviceId> ids;
    for (const sysfs::Device& device : devices) {
        ids.insert(device.id);
        if (view_.inventory.find(device.id) == nullptr)
            view_.inventory.devices.push_back(device);
    }
    untouchable_.add(txn, why, ids);
    view_.inventory.settle();
    for (const DeviceId& id : untouchable_.devices_of(txn))
        stir(view_.key_of(id), GroupEvent::kBegun);
}

/// Somebody else has these devices in hand and does not let go. The rest of the host is looked at without them.
void HostKeeper::hanging(const std::string& look, const std::vector<std::string>& lines) {
    std::vector<sysfs::Device> devices;
    std::string names;
    for (const std::string& line : lines)
        if (auto device = of_wire<sysfs::Device>(line)) {
            names += (names.empty() ? "" : ", ") + device->id.display();
            devices.push_back(*std::move(device));
        }
    const std::string why = "reading it does not return: somebody else has it in hand, an unbind perhaps";
    set_aside(look, why, devices);
    recovered(look, "stuck", {});
    parts_.log.say(Level::kWarning, Message::kStuck, names + ": " + why);
    look_at_all();
}

void HostKeeper::notice(const std::vector<std::string>& parts) {
    if (parts[0] == "warning" && parts.size() == 2)
        parts_.log.say(Level::kWarning, Message::kWarning, parts[1]);
    else if (parts[0] == "recovered" && parts.size() == 4)
        recovered(parts[1], parts[2], parts[3]);
    else if (parts[0] == "flight" && parts.size() == 2)
        interrupted(parts[1]);
    else if (parts[0] == "hangs" && parts.size() > 2)
        hanging(parts[1], {parts.begin() + 2, parts.end()});
}

void HostKeeper::recovered(const std::string& txn, const std::string& what, const std::string& note) {
    if (!note.empty())
        parts_.log.say(Level::kWarning, what == "undone" ? Message::kRecovered : Message::kStuck, note,
                       {{"BINDD_TRANSACTION", txn}});
    if (!untouchable_.has(txn))
        return;
    const std::set<DeviceId> devices = untouchable_.devices_of(txn);
    if (what == "undone")
        untouchable_.let_go(txn);
    else if (!note.empty())
        untouchable_.explain(txn, note);
    for (const DeviceId& id : devices) {
        const std::string key = view_.key_of(id);
        dirty_.insert(id);
        audience_.note(id);
        if (what != "undone") {
            stir(key, GroupEvent::kTimedOut);
            continue;
        }
        // What could not be done while someone held it may be done now.
        tracks_[key].begin_anew();
        stir(key, tracks_[key].state == GroupState::kStuck ? GroupEvent::kLetGo : GroupEvent::kEnded);
    }
    refresh_ledger(Whose::kOurs);
    publish();
    soon_.arm(std::chrono::microseconds(0));  // requests may have waited for it
}

/// Whoever else writes the journal (`vfioctl --direct`) does it by hand.
void HostKeeper::refresh_ledger(Whose change) {
    auto ledger = journal_.ledger();
    if (!ledger)
        return parts_.log.say(Level::kWarning, Message::kWarning, ledger.error().text());
    // That these are still there, and soon not any more, is our own doing and nobody's release.
    for (const DeviceId& id : forgetting_)
        ledger->bound.erase(id);
    const binding::Ledger before = std::exchange(view_.ledger, *std::move(ledger));
    if (change == Whose::kOurs || !is_ready())
        return;
    for (const auto& [id, bound] : before.bound)
        if (const sysfs::Device* device = view_.inventory.find(id);
            device != nullptr && !view_.ledger.bound.contains(id))
            marks_.set(*device, HandMarks::What::kReleased);
    for (const auto& [id, bound] : view_.ledger.bound)
        if (const sysfs::Device* device = view_.inventory.find(id);
            device != nullptr && bound.where.empty() && !before.bound.contains(id))
            marks_.set(*device, HandMarks::What::kBound);
}

/// Marks by hand hold until here; decisions point into the set that goes.
void HostKeeper::take_up(PolicyReading policies) {
    view_.decisions.clear();
    view_.policies = std::move(policies.parsed.set);
    view_.sources = std::move(policies.sources);
    marks_.clear_all();
    for (auto& [key, track] : tracks_)
        track.begin_anew();
    lookout_.mind_drivers();
    view_.decide();
    parts_.log.say(Level::kInfo, Message::kPolicyLoaded,
                   std::to_string(view_.policies.rules.size()) + " rules and " +
                       std::to_string(view_.policies.variants.size()) + " variants of " +
                       std::to_string(view_.sources.size()) + " files are in force",
                   {{"BINDD_POLICY", view_.policies.generation}});
    tell_loaded(policies.parsed.diagnostics);
}

/// The files are what is in force, again perhaps: an error that was written into them may have been taken back.
void HostKeeper::tell_loaded(const std::vector<policy::Diagnostic>& diagnostics) {
    rejected_.clear();
    audience_.tell(&Observer::policies_reloaded, diagnostics);
}

/// A file that is written and then reloaded by request is rejected twice, and told of once.
Result<void> HostKeeper::reject(const PolicyReading& policies) {
    const std::string text =
        "not loaded, the set in force stays in force:\n" + policy::render(policies.parsed.diagnostics);
    if (std::exchange(rejected_, text) != text) {
        parts_.log.say(Level::kError, Message::kPolicyRejected, "policies: " + text);
        audience_.tell(&Observer::policies_reloaded, policies.parsed.diagnostics);
    }
    return sysfs::fail(sysfs::Code::kInvalid, "", "policies", text);
}

Result<void> HostKeeper::reload(const Asker& /*asker*/) {
    PolicyReading policies = read_policies(parts_.policy_paths);
    if (!policies.ok())
        return reject(policies);
    take_up(std::move(policies));
    look_at_all();
    return {};
}

void HostKeeper::override_written(const std::string& file) {
    for (const sysfs::Device& device : view_.inventory.devices)
        if (device.syspath + kOverrideFile == file)
            return event({.kind = HostEvent::Kind::kChanged, .device = device.id});
}

void HostKeeper::tell_ours() {
    std::set<std::string> files;
    for (const auto& [id, bound] : view_.ledger.bound)
        if (const sysfs::Device* device = view_.inventory.find(id);
            device != nullptr && device->has_override && !bound.driver.empty())
            files.insert(device->syspath + kOverrideFile);
    if (on_ours_)
        on_ours_(files);
}

void HostKeeper::policies_touched() {
    // Editors write, rename and touch: the last of it counts.
    reload_.arm(std::chrono::milliseconds(200));
}

}  // namespace bindd

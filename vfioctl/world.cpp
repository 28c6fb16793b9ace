// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/world.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

#include "binding/bound.hpp"
#include "vfioctl/daemon.hpp"
#include "vfioctl/policy_paths.hpp"

namespace vfioctl {
namespace {

sysfs::Wanted both(sysfs::Wanted a, const sysfs::Wanted& b) {
    a.serial = a.serial || b.serial;
    a.properties = a.properties || b.properties;
    a.slots = a.slots || b.slots;
    a.resets = a.resets || b.resets;
    a.access = a.access || b.access;
    a.brief = a.brief || b.brief;
    a.other_buses = a.other_buses || b.other_buses;
    a.numa_nodes = a.numa_nodes || b.numa_nodes;
    a.revisions = a.revisions || b.revisions;
    a.users.insert(b.users.begin(), b.users.end());
    a.groups.insert(b.groups.begin(), b.groups.end());
    a.attrs.insert(b.attrs.begin(), b.attrs.end());
    a.drivers.insert(b.drivers.begin(), b.drivers.end());
    return a;
}

bool is_auto(const policy::Rule& rule) {
    return rule.driver &&
           std::any_of(rule.driver->chain.begin(), rule.driver->chain.end(), [](const auto& each) {
               return each.kind == policy::Candidate::Kind::kAuto;
           });
}

bool asks_for_auto(const policy::PolicySet& policies, const std::vector<policy::Request>& requests) {
    return std::any_of(policies.rules.begin(), policies.rules.end(), is_auto) ||
           std::any_of(requests.begin(), requests.end(),
                       [](const policy::Request& request) { return is_auto(*request.rule); });
}

/// How it last ended is asked of those alone that are not as they are wanted.
std::set<sysfs::DeviceId> pending(const World& world) {
    std::set<sysfs::DeviceId> out;
    for (const sysfs::Device& device : world.inventory.devices)
        if (world.state(device).state == "pending")
            out.insert(device.id);
    return out;
}

}  // namespace

const policy::Decision* World::decision(const sysfs::DeviceId& id) const {
    const auto found = decisions.find(id);
    return found == decisions.end() ? nullptr : &found->second;
}

const policy::Transaction* World::transaction(const sysfs::DeviceId& id) const {
    const auto found = transaction_of.find(id);
    return found == transaction_of.end() ? nullptr : &plan.transactions[found->second];
}

binding::DeviceState World::state(const sysfs::Device& device) const {
    binding::DeviceState state =
        binding::device_state(device, decision(device.id), transaction(device.id));
    if (const auto known = told.find(device.id); known != told.end() && state.state == "pending")
        return known->second;
    return binding::as_it_ended(std::move(state), device.id, latest);
}

void append(std::vector<std::string>& warnings, const std::vector<std::string>& notes) {
    warnings.insert(warnings.end(), notes.begin(), notes.end());
}

void warn(Session& session, World& world, const std::string& sentence) {
    session.err << "vfioctl: warning: " << printable(sentence) << "\n";
    world.warnings.push_back(sentence);
}

Outcome<World> see_host(Session& session, const sysfs::Wanted& extra, BadPolicy bad) {
    World world;
    policy::Parsed parsed = session.daemon == nullptr ? load_for(session, {})
                                                      : policy::parse_set(session.picture->sources);
    const bool named = !session.options.policies.empty();
    if (!parsed.ok() && (named || bad == BadPolicy::kFails))
        return unusable(parsed);
    session.err << policy::render(parsed.diagnostics);
    if (parsed.ok())
        world.policies = std::move(parsed.set);
    else
        warn(session, world,
             "policies: " + unusable(parsed).value().why + "; every device is shown as unmanaged");
    auto inventory = session.kernel.inventory(both(world.policies.wanted(), extra));
    if (!inventory)
        return fail(inventory.error());
    world.inventory = std::move(*inventory);
    for (const std::string& warning : world.inventory.warnings)
        warn(session, world, warning);
    return world;
}

void recall(Session& session, World& world) {
    if (session.daemon == nullptr)
        world.latest = binding::latest_history(session.state, pending(world));
    else
        for (const auto& [id, standing] : session.picture->standings)
            if (standing.state.state == "stuck" || standing.state.state == "failed")
                world.told[id] = standing.state;
}

Outcome<void> decide(Session& session, World& world, const sysfs::Wanted& extra,
                     const std::vector<policy::Request>& requests) {
    // Without a rule nothing is wanted, and the modules' index need not be opened.
    if (!world.policies.rules.empty() || !requests.empty()) {
        sysfs::Wanted wanted = both(world.policies.wanted(), extra);
        wanted.named_only = !asks_for_auto(world.policies, requests);
        for (const sysfs::Device& device : world.inventory.devices)
            wanted.driver_buses.insert(device.id.bus);
        auto drivers = session.kernel.drivers(wanted);
        if (!drivers)
            return fail(drivers.error());
        world.drivers = std::move(*drivers);
        for (const std::string& warning : world.drivers.warnings)
            warn(session, world, warning);
    }
    world.decisions = policy::decide(world.policies, world.inventory, world.drivers, requests);
    return {};
}

void make_plan(Session& session, World& world, UseScan scan, const policy::Lifted& lifted) {
    world.usage.clear();
    if (scan == UseScan::kLook) {
        const auto taken = policy::to_be_taken(world.policies, world.decisions, world.inventory);
        if (!taken.empty())
            world.usage = session.kernel.usage(world.inventory, taken);
    }
    world.plan = policy::make_plan(world.policies, world.decisions, world.inventory, world.drivers,
                                   world.usage, lifted);
    world.transaction_of.clear();
    for (std::size_t i = 0; i < world.plan.transactions.size(); ++i)
        for (const sysfs::DeviceId& id : world.plan.transactions[i].devices)
            world.transaction_of[id] = i;
}

Outcome<World> see_and_plan(Session& session, Look look) {
    sysfs::Wanted extra;
    extra.brief = look == Look::kBrief;
    extra.revisions = true;  // a part of who a device is
    auto world = see_host(session, extra, BadPolicy::kFails);
    if (!world)
        return world;
    if (auto decided = decide(session, *world); !decided)
        return propagate(decided);
    make_plan(session, *world, UseScan::kLook);
    return world;
}

Outcome<std::vector<sysfs::DeviceId>> devices_of(const World& world,
                                                 const std::vector<std::string>& words) {
    std::vector<sysfs::DeviceId> out;
    for (const std::string& word : words) {
        const auto found = sysfs::resolve(world.inventory, word);
        if (!found) {
            const sysfs::Error& error = found.error();
            return fail(ExitCode::kNoDevice, word,
                        error.code == sysfs::Code::kInvalid && !error.reason.empty() ? error.reason
                                                                                     : "no such device",
                        error.hint.empty() ? "`vfioctl list -a` shows the devices there are" : error.hint);
        }
        for (const sysfs::DeviceId& id : *found)
            if (std::find(out.begin(), out.end(), id) == out.end())
                out.push_back(id);
    }
    return out;
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/chain.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/device_words.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/portrait.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {
namespace {

/// Every driver that could serve the device, whatever the rules say: the chain of `driver: auto`.
policy::Chain fitting(const World& world, const sysfs::Device& device) {
    const policy::DriverWish any{.kind = policy::DriverWish::Kind::kChain,
                                 .chain = {{policy::Candidate::Kind::kAuto, ""}}};
    return policy::driver_chain(any, "auto", device, world.policies.variants, world.inventory,
                                world.drivers);
}

}  // namespace

Outcome<ExitCode> run_show(Session& session, const Arguments& arguments) {
    sysfs::Wanted extra;
    extra.serial = extra.slots = extra.resets = true;
    auto world = see_host(session, extra, BadPolicy::kWarns);
    if (!world)
        return propagate(world);
    const auto ids = devices_of(*world, arguments.words);
    if (!ids)
        return propagate(ids);
    if (auto decided = decide(session, *world); !decided)
        return propagate(decided);
    if (world->drivers.aliases.empty()) {  // no rule asks for them, but who looks at a device may
        auto drivers = session.kernel.drivers(world->policies.wanted());
        if (!drivers)
            return fail(drivers.error());
        world->drivers = std::move(*drivers);
    }
    make_plan(session, *world, UseScan::kLook);
    recall(session, *world);
    const sysfs::Usage usage = session.kernel.usage(world->inventory, *ids);

    sysfs::HardwareDatabase hardware(session.options.root);
    nlohmann::ordered_json json = document();
    auto& devices = json["devices"] = nlohmann::ordered_json::array();
    for (const sysfs::DeviceId& id : *ids) {
        const sysfs::Device& device = *world->inventory.find(id);
        const auto uses = usage.find(id);
        const Portrait portrait{.device = device,
                                .group = world->inventory.group_of(device),
                                .names = names_of(hardware, device),
                                .subsystem = hardware.subsystem(device),
                                .decision = world->decision(id),
                                .state = world->state(device),
                                .fitting = fitting(*world, device),
                                .uses = uses == usage.end() ? std::vector<sysfs::Use>{} : uses->second};
        if (session.json())
            devices.push_back(portrait_json(portrait));
        else
            session.out << (id == ids->front() ? "" : "\n") << portrait_text(portrait);
    }
    json["warnings"] = world->warnings;
    if (session.json())
        session.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl

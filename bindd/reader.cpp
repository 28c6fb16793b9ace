// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/reader.hpp"

#include "binding/wire.hpp"
#include "bindd/line_socket.hpp"

namespace bindd {
namespace {

using binding::of_wire;
using binding::to_wire;
using sysfs::propagate;
using sysfs::Result;
using Say = std::function<void(const std::string&)>;

Result<void> say_drivers(sysfs::Kernel& kernel, const sysfs::Wanted& wanted, const Say& say) {
    const auto drivers = kernel.drivers(wanted);
    if (!drivers)
        return propagate(drivers);
    say("drivers\t" + to_wire(*drivers));
    return {};
}

void say_inventory(const sysfs::Inventory& inventory, const Say& say) {
    for (const sysfs::Device& device : inventory.devices)
        say("device\t" + to_wire(device));
    say("around\t" + to_wire(binding::Surround::of(inventory)));
}

Result<void> look(sysfs::Kernel& kernel, const std::vector<std::string>& parts, const Say& say) {
    const auto wanted = of_wire<sysfs::Wanted>(parts.at(1));
    if (!wanted)
        return propagate(wanted);
    const auto inventory = kernel.inventory(*wanted);
    if (!inventory)
        return propagate(inventory);
    say_inventory(*inventory, say);
    return say_drivers(kernel, *wanted, say);
}

Result<void> read(sysfs::Kernel& kernel, const std::vector<std::string>& parts, const Say& say) {
    const auto ids = of_wire<std::vector<sysfs::DeviceId>>(parts.at(1));
    const auto wanted = of_wire<sysfs::Wanted>(parts.at(2));
    if (!ids || !wanted)
        return ids ? propagate(wanted) : propagate(ids);
    const auto found = kernel.devices(*ids, *wanted);
    if (!found)
        return propagate(found);
    say_inventory(*found, say);
    return parts.at(3) == "drivers" ? say_drivers(kernel, *wanted, say) : Result<void>();
}

Result<void> usage(sysfs::Kernel& kernel, const std::vector<std::string>& parts, const Say& say) {
    sysfs::Inventory seen;
    std::vector<sysfs::DeviceId> ids;
    for (std::size_t at = 1; at < parts.size(); ++at) {
        auto device = of_wire<sysfs::Device>(parts[at]);
        if (!device)
            return propagate(device);
        ids.push_back(device->id);
        seen.devices.push_back(*std::move(device));
    }
    seen.settle();
    say("usage\t" + to_wire(kernel.usage(seen, ids)));
    return {};
}

Result<void> answer(sysfs::Kernel& kernel, const std::vector<std::string>& parts, const Say& say) {
    if (parts[0] == "look" && parts.size() == 2)
        return look(kernel, parts, say);
    if (parts[0] == "read" && parts.size() == 4)
        return read(kernel, parts, say);
    if (parts[0] == "usage")
        return usage(kernel, parts, say);
    return sysfs::fail(sysfs::Code::kInvalid, "read", parts[0], "no such request");
}

}  // namespace

std::string read_host(sysfs::Kernel& kernel, const std::string& request, const Say& say) {
    const auto done = answer(kernel, parts_of(request), say);
    return done ? "=" : "=!" + to_wire(done.error());
}

}  // namespace bindd

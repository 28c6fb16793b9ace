// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/buses.hpp"

#include <algorithm>

#include "sysfs/drivers.hpp"

namespace sysfs {

namespace {

/// Does this bus have driver_override? The attribute is the bus' own, so any device tells. Two are
/// asked: one may go while we look, and on ap only the queues have it (first), not the cards
/// (last).
bool has_override(const Dir& devices, const std::vector<std::string>& names) {
    return !names.empty() && (devices.has(names.front() + "/driver_override") ||
                              devices.has(names.back() + "/driver_override"));
}

Result<std::vector<std::string>> names_of(const Dir& buses, Buses which) {
    if (which == Buses::kAll)
        return buses.entries();
    std::vector<std::string> out = {"mdev"};
    for (const auto& [bus, driver] : generic_vfio_drivers())
        if (bus == "pci" || buses.has(bus + "/drivers/" + driver))
            out.push_back(bus);
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

Result<std::vector<Bus>> read_buses(const Root& root, Buses which) {
    const auto dir = Dir::open(root.path("/sys/bus"));
    if (!dir)
        return propagate(dir);
    auto names = names_of(*dir, which);
    if (!names)
        return propagate(names);
    std::stable_partition(names->begin(), names->end(),
                          [](const std::string& name) { return name == "pci"; });
    std::vector<Bus> out;
    for (const std::string& name : *names) {
        Listing listing;
        auto devices = dir->sub_listed(name + "/devices", listing);
        if (!devices)
            continue;
        std::vector<std::string> inside = listing.sorted();
        if (name == "pci" || name == "mdev" || has_override(*devices, inside))
            out.push_back({name, std::move(*devices), std::move(inside)});
    }
    return out;
}

}  // namespace sysfs

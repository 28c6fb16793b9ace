// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/buses.hpp"

#include <algorithm>

#include "sysfs/device/vfio_drivers.hpp"

namespace sysfs {

namespace {

/// Does this bus have driver_override? The attribute is the bus' own, so any device tells. Two are
/// asked: one may go while we look, and on ap only the queues have it (first), not the cards
/// (last).
bool has_override(const base::Dir& devices, const std::vector<std::string>& names) {
    return !names.empty() && (devices.has(names.front() + "/driver_override") ||
                              devices.has(names.back() + "/driver_override"));
}

base::Result<std::vector<std::string>> names_of(const base::Dir& buses, BusFilter which) {
    if (which == BusFilter::kAll)
        return buses.entries();
    std::vector<std::string> out = {"mdev"};
    for (const auto& [bus, driver] : generic_vfio_drivers())
        if (bus == "pci" || buses.has(bus + "/drivers/" + driver))
            out.push_back(bus);
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

base::Result<std::vector<DeviceBus>> read_buses(const Root& root, BusFilter which) {
    const auto dir = base::Dir::open(root.path("/sys/bus"));
    if (!dir)
        return base::propagate(dir);
    auto names = names_of(*dir, which);
    if (!names)
        return base::propagate(names);
    std::stable_partition(names->begin(), names->end(),
                          [](const std::string& name) { return name == "pci"; });
    std::vector<DeviceBus> out;
    for (const std::string& name : *names) {
        base::DirListing listing;
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

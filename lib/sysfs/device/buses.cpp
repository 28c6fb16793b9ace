// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/buses.hpp"

#include <algorithm>

#include "base/try.hpp"
#include "sysfs/device/vfio_drivers.hpp"

namespace sysfs {

namespace {

/// Does this bus have driver_override? The attribute belongs to the bus, so any device shows it.
/// Two devices are read: one may vanish, and on ap only queues (listed first) have it, cards
/// (listed last) do not.
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
    const base::Dir dir = TRY(base::Dir::open(root.path("/sys/bus")));
    std::vector<std::string> names = TRY(names_of(dir, which));
    std::stable_partition(names.begin(), names.end(),
                          [](const std::string& name) { return name == "pci"; });
    std::vector<DeviceBus> out;
    for (const std::string& name : names) {
        base::DirListing listing;
        auto devices = dir.sub_listed(name + "/devices", listing);
        if (!devices)
            continue;
        std::vector<std::string> inside = listing.sorted();
        if (name == "pci" || name == "mdev" || has_override(*devices, inside))
            out.push_back({name, std::move(*devices), std::move(inside)});
    }
    return out;
}

}  // namespace sysfs

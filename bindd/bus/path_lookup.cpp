// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/path_lookup.hpp"

namespace bindd {
namespace {

constexpr std::size_t kMaxDevices = 1024;

}  // namespace

std::vector<Details> to_details(const Paths& paths, const DevicePaths& known,
                                const sysfs::Inventory& inventory) {
    std::vector<Details> out;
    for (const std::string& path : paths) {
        if (out.size() == kMaxDevices)
            break;
        const sysfs::DeviceId* id = known.find(path);
        const sysfs::Device* device = id == nullptr ? nullptr : inventory.find(*id);
        out.push_back(device == nullptr ? path_details(path) : to_details(*device));
    }
    return out;
}

BusResult<std::vector<sysfs::DeviceId>> find_devices(const Paths& paths, const DevicePaths& known) {
    if (paths.empty())
        return bus_error(BusErrorKind::kNoSuchDevice, "no device is named");
    if (paths.size() > kMaxDevices)
        return bus_error(BusErrorKind::kOptionNotPermitted, "too many devices at once");
    std::vector<sysfs::DeviceId> out;
    for (const std::string& path : paths) {
        const sysfs::DeviceId* id = known.find(path);
        if (id == nullptr)
            return bus_error(BusErrorKind::kNoSuchDevice, path + ": no such device");
        out.push_back(*id);
    }
    return out;
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/hung_read.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "base/dir.hpp"
#include "base/path.hpp"
#include "sysfs/device/names.hpp"

namespace bindd {
namespace {

using base::Dir;
using sysfs::Device;

constexpr std::string_view kDevices = "/sys/devices/";

/// The attributes that any of its threads has open: the first thread may have ended already, and
/// then shows none.
std::set<std::string> open_attributes(pid_t reader) {
    std::set<std::string> files;
    const auto tasks = Dir::open("/proc/" + std::to_string(reader) + "/task");
    const auto threads = tasks ? tasks->entries() : base::propagate(tasks);
    if (!threads)
        return files;
    for (const std::string& thread : *threads) {
        const auto fds = tasks->sub(thread + "/fd");
        const auto numbers = fds ? fds->entries() : base::propagate(fds);
        if (!numbers)
            continue;
        for (const std::string& number : *numbers) {
            const auto path = fds->link(number);
            struct stat status {};
            if (path && path->starts_with(kDevices) &&
                ::fstatat(fds->fd(), number.c_str(), &status, 0) == 0 && S_ISREG(status.st_mode))
                files.insert(*path);
        }
    }
    return files;
}

/// The nearest directory above that is a device of a bus.
std::optional<Device> find_device(std::string path) {
    for (std::size_t slash = path.rfind('/'); slash > kDevices.size(); slash = path.rfind('/')) {
        path.resize(slash);
        const auto directory = Dir::open(path);
        const auto bus = directory ? directory->link_name("subsystem") : std::nullopt;
        const std::string name = base::base_name(path);
        if (!bus || !Dir::open("/sys/bus/" + *bus + "/devices/" + name))
            continue;
        Device device;
        device.id = {*bus, name};
        device.syspath = path;
        device.driver = directory->link_name("driver");
        device.has_override = directory->has("driver_override");
        if (const auto group =
                base::parse_decimal(directory->link_name("iommu_group").value_or("")))
            device.iommu_group = static_cast<int>(*group);
        return device;
    }
    return std::nullopt;
}

}  // namespace

std::vector<Device> devices_under_read(pid_t reader) {
    std::vector<Device> devices;
    for (const std::string& file : open_attributes(reader))
        if (auto device = find_device(file))
            if (std::none_of(devices.begin(), devices.end(),
                             [&](const Device& other) { return other.id == device->id; }))
                devices.push_back(*std::move(device));
    return devices;
}

}  // namespace bindd

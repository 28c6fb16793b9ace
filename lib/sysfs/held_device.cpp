// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/held_device.hpp"

#include <utility>

#include "sysfs/read_device.hpp"
#include "sysfs/target.hpp"

namespace sysfs {

Result<Device> HeldDevice::standing(const DeviceId& id) {
    if (held_ && held_->device.id == id && held_->directory.list_again()) {
        read_standing_of(root_, held_->directory, held_->device);
        return held_->device;
    }
    held_.reset();
    Device device;
    auto directory = open_device(root_, id, device);
    if (!directory)
        return propagate(directory);
    read_standing_of(root_, *directory, device);
    held_.emplace(Held{*std::move(directory), device});
    return device;
}

Result<const Dir*> HeldDevice::directory(const Target& target, const std::string& operation) {
    if (held_ && held_->device.id == target.id && held_->device.identity() == target.identity &&
        is_alive(held_->directory.dir()))
        return &held_->directory.dir();
    auto opened = open_target(target, operation);
    if (!opened)
        return propagate(opened);
    opened_ = *std::move(opened);
    return &*opened_;
}

}  // namespace sysfs

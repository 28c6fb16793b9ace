// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/kernel/device_handle.hpp"

#include <utility>

#include "base/try.hpp"
#include "sysfs/device/device_reader.hpp"
#include "sysfs/kernel/device_target.hpp"

namespace sysfs {

base::Result<Device> DeviceHandle::binding_state(const DeviceId& id) {
    if (cached_ && cached_->device.id == id && cached_->directory.relist()) {
        read_binding_state(root_, cached_->directory, cached_->device);
        return cached_->device;
    }
    cached_.reset();
    Device device;
    DeviceDir directory = TRY(open_device(root_, id, device));
    read_binding_state(root_, directory, device);
    cached_.emplace(CachedDevice{std::move(directory), device});
    return device;
}

base::Result<const base::Dir*> DeviceHandle::directory(const DeviceTarget& target,
                                                       const std::string& operation) {
    if (cached_ && cached_->device.id == target.id &&
        cached_->device.identity() == target.identity && is_alive(cached_->directory.dir()))
        return &cached_->directory.dir();
    opened_ = TRY(open_target(target, operation));
    return &*opened_;
}

}  // namespace sysfs

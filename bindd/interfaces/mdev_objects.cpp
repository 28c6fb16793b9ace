// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/mdev_objects.hpp"

#include <cerrno>

#include "bindd/bus/message.hpp"
#include "bindd/bus/requests.hpp"
#include "bindd/interfaces/property_values.hpp"

namespace bindd {
namespace {

constexpr const char* kMdevBus = "mdev";

}  // namespace

MdevObjects::MdevObjects(sd_bus* bus, const ControllerRunner& controller, Requests& requests,
                         const DevicePaths& devices)
    : FallbackObjects(bus, kMdevRoot, kMediatedDeviceInterface, kMediatedDeviceVtable<FoundMdev>),
      controller_(controller),
      found_{&devices, &requests, nullptr} {}

void* MdevObjects::find(const std::string& path) {
    const auto uuid = parse_mdev_path(path);
    found_.device =
        uuid ? controller_.view().inventory.find({.bus = kMdevBus, .name = *uuid}) : nullptr;
    return found_.device == nullptr || !found_.device->mdev ? nullptr : &found_;
}

std::vector<std::string> MdevObjects::paths() const {
    std::vector<std::string> out;
    for (const sysfs::Device& device : controller_.view().inventory.devices)
        if (device.id.bus == kMdevBus)
            out.push_back(mdev_path(device.id.name));
    return out;
}

void MdevObjects::appeared(const sysfs::DeviceId& id) {
    if (id.bus == kMdevBus)
        emit_added(mdev_path(id.name));
}

void MdevObjects::vanished(const sysfs::DeviceId& id) {
    if (id.bus == kMdevBus)
        emit_removed(mdev_path(id.name));
}

void MdevObjects::changed(const sysfs::DeviceId& id) {
    if (id.bus == kMdevBus)
        emit_changed(mdev_path(id.name), property_names(kMediatedDeviceChanging));
}

int MdevObjects::FoundMdev::append(MediatedDeviceProperty property, sd_bus_message* reply) const {
    switch (property) {
        case MediatedDeviceProperty::kUuid:
            return append_value(reply, device->id.name);
        case MediatedDeviceProperty::kDevice:
            return append_value(reply, PathValue{devices->path_or_root(device->id)});
        case MediatedDeviceProperty::kParent:
            return append_value(reply, device->mdev->parent);
        case MediatedDeviceProperty::kType:
            return append_value(reply, device->mdev->type);
        case MediatedDeviceProperty::kDriver:
            return append_value(reply, device->driver.value_or(""));
        case MediatedDeviceProperty::kIommuGroup:
            return append_value(reply, number_or_none(device->iommu_group));
        case MediatedDeviceProperty::kVfio:
            return append_value(reply, vfio_pairs(*device));
    }
    return -EINVAL;
}

int MdevObjects::FoundMdev::call(MediatedDeviceMethod method, sd_bus_message* message) const {
    switch (method) {
        case MediatedDeviceMethod::kRemove:
            requests->children().remove_mdev(to_caller(message), device->id.name,
                                             read_options(message),
                                             job_reply(MessageReply(message)));
            break;
    }
    return 1;
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/mdev_objects.hpp"

#include <cerrno>

#include "bindd/interfaces/property_values.hpp"

namespace bindd {

MdevObjects::MdevObjects(sd_bus* bus, const Controller& controller, const DevicePaths& devices)
    : FallbackObjects(bus, kMdevRoot, kMediatedDeviceInterface, kMediatedDeviceVtable<MdevObjects>),
      controller_(controller),
      devices_(devices) {}

void* MdevObjects::find(const std::string& path) {
    const auto known = known_.find(path);
    const sysfs::Device* device =
        known == known_.end() ? nullptr : controller_.view().inventory.find(known->second);
    if (device == nullptr || !device->mdev)
        return nullptr;
    facts_ = {this, device};
    return &facts_;
}

std::vector<std::string> MdevObjects::paths() const {
    std::vector<std::string> out;
    for (const auto& [path, id] : known_)
        out.push_back(path);
    return out;
}

void MdevObjects::appeared(const sysfs::DeviceId& id) {
    const sysfs::Device* device = controller_.view().inventory.find(id);
    if (device == nullptr || !device->mdev)
        return;
    const std::string path = mdev_path(id.name);
    known_.emplace(path, id);
    emit_added(path);
}

void MdevObjects::vanished(const sysfs::DeviceId& id) {
    const std::string path = mdev_path(id.name);
    const auto known = known_.find(path);
    if (known == known_.end() || known->second != id)
        return;
    emit_removed(path);
    known_.erase(known);
}

void MdevObjects::changed(const sysfs::DeviceId& id) {
    const std::string path = mdev_path(id.name);
    const auto known = known_.find(path);
    if (known != known_.end() && known->second == id)
        emit_changed(path, {"Driver", "IommuGroup", "Vfio"});
}

int MdevObjects::append(MediatedDeviceProperty property, const sysfs::Device& device,
                        sd_bus_message* reply) const {
    switch (property) {
        case MediatedDeviceProperty::kUuid:
            return append_text(reply, device.id.name);
        case MediatedDeviceProperty::kDevice: {
            const std::string* path = devices_.find(device.id);
            return sd_bus_message_append(reply, "o", path == nullptr ? "/" : path->c_str());
        }
        case MediatedDeviceProperty::kParent:
            return append_text(reply, device.mdev->parent);
        case MediatedDeviceProperty::kType:
            return append_text(reply, device.mdev->type);
        case MediatedDeviceProperty::kDriver:
            return append_text(reply, device.driver.value_or(""));
        case MediatedDeviceProperty::kIommuGroup:
            return sd_bus_message_append(reply, "i", number_or_none(device.iommu_group));
        case MediatedDeviceProperty::kVfio:
            return append_pairs(reply, vfio_pairs(device));
    }
    return -EINVAL;
}

}  // namespace bindd

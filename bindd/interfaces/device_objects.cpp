// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/device_objects.hpp"

#include <cerrno>
#include <string_view>

#include "bindd/bus/message.hpp"
#include "bindd/bus/requests.hpp"
#include "bindd/interfaces/property_values.hpp"

/// The devices' properties, and their changes. Methods are in bus_device_methods.cpp.
namespace bindd {
namespace {

template <typename T>
std::string hex_or_empty(const std::optional<T>& value, std::size_t digits) {
    return value ? base::to_hex(*value, digits) : std::string{};
}

/// FNV-1a: what is told is compared with what was told, not kept.
std::uint32_t fnv1a(std::string_view text) {
    std::uint32_t sum = 2166136261U;
    for (const char c : text)
        sum = (sum ^ static_cast<unsigned char>(c)) * 16777619U;
    return sum;
}

std::string joined(const TextPairs& pairs) {
    std::string out;
    for (const auto& [key, value] : pairs)
        out += std::string(key) + "=" + value + "\n";
    return out;
}

}  // namespace

DeviceObjects::DeviceObjects(sd_bus* bus, const Controller& controller, Requests& requests,
                             DevicePaths& paths, const sysfs::Root& root)
    : FallbackObjects(bus, kDeviceRoot, kDeviceInterface, kDeviceVtable<DeviceObjects>),
      controller_(controller),
      requests_(requests),
      paths_(paths),
      hardware_(root) {}

void* DeviceObjects::find(const std::string& path) {
    const sysfs::DeviceId* id = paths_.find(path);
    const sysfs::Device* device = id == nullptr ? nullptr : controller_.view().inventory.find(*id);
    if (device == nullptr)
        return nullptr;
    facts_ = {.objects = this,
              .device = device,
              .decision = controller_.view().decision(*id),
              .state = controller_.state(*device)};
    return &facts_;
}

std::vector<std::string> DeviceObjects::paths() const {
    std::vector<std::string> out;
    out.reserve(paths_.all().size());
    for (const auto& [path, id] : paths_.all())
        out.push_back(path);
    return out;
}

void DeviceObjects::appeared(const sysfs::DeviceId& id) {
    const std::string path = paths_.add(id);
    if (find(path) == nullptr)
        return;
    published_[id] = compute_digests(facts_);
    emit_added(path);
}

void DeviceObjects::vanished(const sysfs::DeviceId& id) {
    const std::string* path = paths_.find(id);
    if (path == nullptr)
        return;
    emit_removed(*path);
    published_.erase(id);
    paths_.remove(id);
}

void DeviceObjects::changed(const sysfs::DeviceId& id) {
    const std::string* path = paths_.find(id);
    if (path == nullptr || find(*path) == nullptr)
        return;
    const Digests now = compute_digests(facts_);
    Digests& before = published_[id];
    std::vector<const char*> names;
    for (std::size_t i = 0; i < now.size(); ++i)
        if (now.at(i) != before.at(i))
            names.push_back(kChanging.at(i).second);
    before = now;
    if (!names.empty())
        emit_changed(*path, names);
}

DeviceObjects::Digests DeviceObjects::compute_digests(const DeviceFacts& facts) {
    Digests out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out.at(i) = fnv1a(property_text(kChanging.at(i).first, facts));
    return out;
}

std::string DeviceObjects::property_text(DeviceProperty property, const DeviceFacts& facts) {
    const sysfs::Device& device = *facts.device;
    switch (property) {
        case DeviceProperty::kBus:
            return device.id.bus;
        case DeviceProperty::kAddress:
            return device.id.name;
        case DeviceProperty::kVendor:
            return hex_or_empty(device.ids.vendor, 4);
        case DeviceProperty::kDevice:
            return hex_or_empty(device.ids.device, 4);
        case DeviceProperty::kSubsystemVendor:
            return hex_or_empty(device.ids.subsystem_vendor, 4);
        case DeviceProperty::kSubsystemDevice:
            return hex_or_empty(device.ids.subsystem_device, 4);
        case DeviceProperty::kClass:
            return hex_or_empty(device.ids.class_code, 6);
        case DeviceProperty::kRevision:
            return hex_or_empty(device.ids.revision, 2);
        case DeviceProperty::kVendorName:
            return hardware_.names(device).vendor.value_or("");
        case DeviceProperty::kDeviceName:
            return hardware_.names(device).device.value_or("");
        case DeviceProperty::kDriver:
            return device.driver.value_or("");
        case DeviceProperty::kDriverOverride:
            return device.driver_override.value_or("");
        case DeviceProperty::kState:
            return facts.state.state;
        case DeviceProperty::kReason:
            return facts.state.reason.value_or("");
        case DeviceProperty::kClaimedFor:
            return claimed_for_(device.id);
        case DeviceProperty::kGroup:
            return device.iommu_group ? group_path(*device.iommu_group) : "/";
        case DeviceProperty::kIommuGroup:
            return std::to_string(number_or_none(device.iommu_group));
        case DeviceProperty::kNumaNode:
            return std::to_string(number_or_none(device.numa_node));
        case DeviceProperty::kBootVga:
            return device.boot_vga ? std::to_string(*device.boot_vga) : "";
        case DeviceProperty::kVfio:
            return joined(vfio_pairs(device));
        case DeviceProperty::kWanted:
            return joined(wanted_pairs(facts.decision));
    }
    return {};
}

int DeviceObjects::append(DeviceProperty property, const DeviceFacts& facts,
                          sd_bus_message* reply) {
    const sysfs::Device& device = *facts.device;
    switch (property) {
        case DeviceProperty::kIommuGroup:
            return sd_bus_message_append(reply, "i", number_or_none(device.iommu_group));
        case DeviceProperty::kNumaNode:
            return sd_bus_message_append(reply, "i", number_or_none(device.numa_node));
        case DeviceProperty::kBootVga:
            return sd_bus_message_append(reply, "i",
                                         device.boot_vga ? static_cast<int>(*device.boot_vga) : -1);
        case DeviceProperty::kVfio:
            return append_pairs(reply, vfio_pairs(device));
        case DeviceProperty::kWanted:
            return append_pairs(reply, wanted_pairs(facts.decision));
        case DeviceProperty::kGroup:
            return sd_bus_message_append(reply, "o", property_text(property, facts).c_str());
        case DeviceProperty::kBus:
        case DeviceProperty::kAddress:
        case DeviceProperty::kVendor:
        case DeviceProperty::kDevice:
        case DeviceProperty::kSubsystemVendor:
        case DeviceProperty::kSubsystemDevice:
        case DeviceProperty::kClass:
        case DeviceProperty::kRevision:
        case DeviceProperty::kVendorName:
        case DeviceProperty::kDeviceName:
        case DeviceProperty::kDriver:
        case DeviceProperty::kDriverOverride:
        case DeviceProperty::kState:
        case DeviceProperty::kReason:
        case DeviceProperty::kClaimedFor:
            return append_text(reply, property_text(property, facts));
    }
    return -EINVAL;
}

}  // namespace bindd

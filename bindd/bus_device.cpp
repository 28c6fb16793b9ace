// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_device.hpp"

#include <cerrno>
#include <string_view>

#include "bindd/bus_append.hpp"
#include "bindd/bus_call.hpp"
#include "bindd/bus_requests.hpp"

/// The devices' properties, and their changes. Methods are in bus_device_methods.cpp.
namespace bindd {
namespace {

template <typename T>
std::string hex_or_empty(const std::optional<T>& value, std::size_t digits) {
    return value ? sysfs::hex(*value, digits) : std::string{};
}

/// FNV-1a: what is told is compared with what was told, not kept.
std::uint32_t digest(std::string_view text) {
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

DeviceFamily::DeviceFamily(sd_bus* bus, const Keeper& keeper, Requests& requests, DevicePaths& paths,
                           const sysfs::Root& root)
    : Family(bus, kDeviceRoot, kDeviceInterface, kDeviceVtable<DeviceFamily>), keeper_(keeper),
      requests_(requests), paths_(paths), hardware_(root) {}

void* DeviceFamily::find(const std::string& path) {
    const sysfs::DeviceId* id = paths_.find(path);
    const sysfs::Device* device = id == nullptr ? nullptr : keeper_.view().inventory.find(*id);
    if (device == nullptr)
        return nullptr;
    facts_ = {.family = this,
              .device = device,
              .decision = keeper_.view().decision(*id),
              .state = keeper_.state(*device)};
    return &facts_;
}

std::vector<std::string> DeviceFamily::paths() const {
    std::vector<std::string> out;
    out.reserve(paths_.all().size());
    for (const auto& [path, id] : paths_.all())
        out.push_back(path);
    return out;
}

void DeviceFamily::appeared(const sysfs::DeviceId& id) {
    const std::string path = paths_.add(id);
    if (find(path) == nullptr)
        return;
    told_[id] = digests_of(facts_);
    announce(path);
}

void DeviceFamily::vanished(const sysfs::DeviceId& id) {
    const std::string* path = paths_.find(id);
    if (path == nullptr)
        return;
    retire(*path);
    told_.erase(id);
    paths_.remove(id);
}

void DeviceFamily::changed(const sysfs::DeviceId& id) {
    const std::string* path = paths_.find(id);
    if (path == nullptr || find(*path) == nullptr)
        return;
    const Digests now = digests_of(facts_);
    Digests& before = told_[id];
    std::vector<const char*> names;
    for (std::size_t i = 0; i < now.size(); ++i)
        if (now.at(i) != before.at(i))
            names.push_back(kChanging.at(i).second);
    before = now;
    if (!names.empty())
        announce_changes(*path, names);
}

DeviceFamily::Digests DeviceFamily::digests_of(const Facts& facts) {
    Digests out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out.at(i) = digest(text_of(kChanging.at(i).first, facts));
    return out;
}

std::string DeviceFamily::text_of(DeviceProperty property, const Facts& facts) {
    const sysfs::Device& device = *facts.device;
    switch (property) {
        case DeviceProperty::kBus: return device.id.bus;
        case DeviceProperty::kAddress: return device.id.name;
        case DeviceProperty::kVendor: return hex_or_empty(device.ids.vendor, 4);
        case DeviceProperty::kDevice: return hex_or_empty(device.ids.device, 4);
        case DeviceProperty::kSubsystemVendor: return hex_or_empty(device.ids.subsystem_vendor, 4);
        case DeviceProperty::kSubsystemDevice: return hex_or_empty(device.ids.subsystem_device, 4);
        case DeviceProperty::kClass: return hex_or_empty(device.ids.class_code, 6);
        case DeviceProperty::kRevision: return hex_or_empty(device.ids.revision, 2);
        case DeviceProperty::kVendorName: return hardware_.names(device).vendor.value_or("");
        case DeviceProperty::kDeviceName: return hardware_.names(device).device.value_or("");
        case DeviceProperty::kDriver: return device.driver.value_or("");
        case DeviceProperty::kDriverOverride: return device.driver_override.value_or("");
        case DeviceProperty::kState: return facts.state.state;
        case DeviceProperty::kReason: return facts.state.reason.value_or("");
        case DeviceProperty::kClaimedFor: return claimed_for_(device.id);
        case DeviceProperty::kGroup: return device.iommu_group ? group_path(*device.iommu_group) : "/";
        case DeviceProperty::kIommuGroup: return std::to_string(number_or_none(device.iommu_group));
        case DeviceProperty::kNumaNode: return std::to_string(number_or_none(device.numa_node));
        case DeviceProperty::kBootVga: return device.boot_vga ? std::to_string(*device.boot_vga) : "";
        case DeviceProperty::kVfio: return joined(vfio_pairs(device));
        case DeviceProperty::kWanted: return joined(wanted_pairs(facts.decision));
    }
    return {};
}

int DeviceFamily::append(DeviceProperty property, const Facts& facts, sd_bus_message* reply) {
    const sysfs::Device& device = *facts.device;
    switch (property) {
        case DeviceProperty::kIommuGroup:
            return sd_bus_message_append(reply, "i", number_or_none(device.iommu_group));
        case DeviceProperty::kNumaNode:
            return sd_bus_message_append(reply, "i", number_or_none(device.numa_node));
        case DeviceProperty::kBootVga:
            return sd_bus_message_append(reply, "i", device.boot_vga ? static_cast<int>(*device.boot_vga) : -1);
        case DeviceProperty::kVfio: return append_pairs(reply, vfio_pairs(device));
        case DeviceProperty::kWanted: return append_pairs(reply, wanted_pairs(facts.decision));
        case DeviceProperty::kGroup:
            return sd_bus_message_append(reply, "o", text_of(property, facts).c_str());
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
        case DeviceProperty::kClaimedFor: return append_text(reply, text_of(property, facts));
    }
    return -EINVAL;
}

}  // namespace bindd

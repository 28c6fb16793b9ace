// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/quarantined_devices.hpp"

namespace bindd {

using sysfs::DeviceId;

void QuarantinedDevices::add(const std::string& txn, const std::string& why,
                             const std::set<DeviceId>& devices) {
    QuarantineEntry& entry = entries_[txn];
    entry.why = why;
    entry.devices.insert(devices.begin(), devices.end());
}

void QuarantinedDevices::set_reason(const std::string& txn, const std::string& why) {
    if (const auto entry = entries_.find(txn); entry != entries_.end())
        entry->second.why = why;
}

void QuarantinedDevices::release(const std::string& txn) {
    entries_.erase(txn);
}

std::set<DeviceId> QuarantinedDevices::devices_in(const std::string& txn) const {
    const auto entry = entries_.find(txn);
    return entry == entries_.end() ? std::set<DeviceId>{} : entry->second.devices;
}

std::set<DeviceId> QuarantinedDevices::devices() const {
    std::set<DeviceId> all;
    for (const auto& [txn, entry] : entries_)
        all.insert(entry.devices.begin(), entry.devices.end());
    return all;
}

const std::string* QuarantinedDevices::reason(const DeviceId& device) const {
    for (const auto& [txn, entry] : entries_)
        if (entry.devices.contains(device))
            return &entry.why;
    return nullptr;
}

void QuarantinedDevices::remove_from(std::vector<DeviceId>& devices) const {
    std::erase_if(devices, [this](const DeviceId& id) { return reason(id) != nullptr; });
}

std::vector<StuckDevice> QuarantinedDevices::list() const {
    std::vector<StuckDevice> all;
    for (const auto& [txn, entry] : entries_)
        for (const DeviceId& id : entry.devices)
            all.push_back({id, txn, entry.why});
    return all;
}

}  // namespace bindd

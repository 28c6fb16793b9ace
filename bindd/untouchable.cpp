// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/untouchable.hpp"

namespace bindd {

using sysfs::DeviceId;

void Untouchable::add(const std::string& txn, const std::string& why,
                      const std::set<DeviceId>& devices) {
    Held& held = held_[txn];
    held.why = why;
    held.devices.insert(devices.begin(), devices.end());
}

void Untouchable::explain(const std::string& txn, const std::string& why) {
    if (const auto held = held_.find(txn); held != held_.end())
        held->second.why = why;
}

void Untouchable::let_go(const std::string& txn) {
    held_.erase(txn);
}

std::set<DeviceId> Untouchable::devices_of(const std::string& txn) const {
    const auto held = held_.find(txn);
    return held == held_.end() ? std::set<DeviceId>{} : held->second.devices;
}

std::set<DeviceId> Untouchable::devices() const {
    std::set<DeviceId> all;
    for (const auto& [txn, held] : held_)
        all.insert(held.devices.begin(), held.devices.end());
    return all;
}

const std::string* Untouchable::why(const DeviceId& device) const {
    for (const auto& [txn, held] : held_)
        if (held.devices.contains(device))
            return &held.why;
    return nullptr;
}

void Untouchable::take_out_of(std::vector<DeviceId>& devices) const {
    std::erase_if(devices, [this](const DeviceId& id) { return why(id) != nullptr; });
}

std::vector<StuckDevice> Untouchable::list() const {
    std::vector<StuckDevice> all;
    for (const auto& [txn, held] : held_)
        for (const DeviceId& id : held.devices)
            all.push_back({id, txn, held.why});
    return all;
}

}  // namespace bindd

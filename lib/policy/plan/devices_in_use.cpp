// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/devices_in_use.hpp"

#include <algorithm>
#include <set>

#include "policy/plan/refusal_reasons.hpp"

namespace policy {
namespace {

/// The device's own use, or else that of a peer.
const Reason* find_use(const Transaction& transaction, const sysfs::DeviceId& device) {
    const Reason* of_peer = nullptr;
    for (const Reason& reason : transaction.reasons) {
        if (!is_use(reason.code))
            continue;
        if (reason.device == device)
            return &reason;
        if (of_peer == nullptr)
            of_peer = &reason;
    }
    return of_peer;
}

std::string evidence_for(const Reason& use, const sysfs::DeviceId& device) {
    const std::string evidence = use.evidence.value_or(use.text);
    return use.device == device ? evidence : use.device.display() + ": " + evidence;
}

/// The class and the revision may change with a firmware.
bool is_same_hardware(const sysfs::HardwareIds& a, const sysfs::HardwareIds& b) {
    return a.vendor == b.vendor && a.device == b.device &&
           a.subsystem_vendor == b.subsystem_vendor && a.subsystem_device == b.subsystem_device;
}

/// Another device at the address of one is not that device.
bool is_there(const DeviceInUse& each, const sysfs::Inventory& inventory) {
    const sysfs::Device* device = inventory.find(each.device);
    return device != nullptr && is_same_hardware(device->ids, each.ids);
}

/// Otherwise than it is.
bool is_still_wanted(const Plan& plan, const sysfs::DeviceId& device) {
    return std::ranges::any_of(plan.transactions, [&](const Transaction& transaction) {
        return transaction.verdict != Verdict::kOk && transaction.concerns(device);
    });
}

}  // namespace

DevicesInUse devices_in_use(const Plan& plan, const sysfs::Inventory& inventory) {
    DevicesInUse in_use;
    std::set<sysfs::DeviceId> seen;
    for (const Transaction& transaction : plan.transactions) {
        if (transaction.verdict != Verdict::kRefused)
            continue;
        for (const sysfs::DeviceId& id : transaction.devices) {
            const Reason* use = find_use(transaction, id);
            const sysfs::Device* device = inventory.find(id);
            if (use != nullptr && device != nullptr && seen.insert(id).second)
                in_use.push_back(
                    {id, device->ids, use->code, evidence_for(*use, id), UseSeen::kThisBoot});
        }
    }
    return in_use;
}

DevicesInUse devices_in_use(const Plan& plan, const sysfs::Inventory& inventory,
                            const DevicesInUse& before) {
    DevicesInUse in_use = devices_in_use(plan, inventory);
    for (const DeviceInUse& each : before) {
        const bool is_listed =
            std::ranges::find(in_use, each.device, &DeviceInUse::device) != in_use.end();
        const bool is_kept = is_there(each, inventory) ? is_still_wanted(plan, each.device)
                                                       : inventory.find(each.device) == nullptr;
        if (each.seen == UseSeen::kEarlierBoot && !is_listed && is_kept)
            in_use.push_back(each);
    }
    return in_use;
}

std::map<sysfs::DeviceId, std::string> kept_for_host(const DevicesInUse& in_use,
                                                     const sysfs::Inventory& inventory) {
    std::map<sysfs::DeviceId, std::string> kept;
    for (const DeviceInUse& each : in_use) {
        if (is_there(each, inventory))
            kept.emplace(each.device,
                         each.device.display() +
                             ": the host used it when the policies were last applied (" +
                             reason_name(each.reason) + ": " + each.evidence + "): decided later");
    }
    return kept;
}

std::string kept_since_earlier_boot(const DevicesInUse& in_use, const sysfs::Inventory& inventory,
                                    const Transaction& transaction) {
    for (const DeviceInUse& each : in_use) {
        if (each.seen == UseSeen::kEarlierBoot && is_there(each, inventory) &&
            transaction.concerns(each.device))
            return "the host used " + each.device.display() + " before this boot (" +
                   reason_name(each.reason) + ": " + each.evidence +
                   ") and may use it again; `vfioctl apply` takes it if it is not in use";
    }
    return {};
}

}  // namespace policy

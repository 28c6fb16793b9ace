// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/device_format.hpp"

#include "policy/model/class_and_kernel_match.hpp"

namespace vfioctl {
namespace {

std::string hex_or_unknown(const std::optional<std::uint16_t>& id) {
    return id ? base::to_hex(*id, 4) : "?";
}

std::string chain_driver(const policy::Chain& chain) {
    const std::vector<policy::ChainLink> usable = chain.usable();
    if (usable.empty())
        return {};
    const policy::ChainLink& first = usable.front();
    return first.driver ? *first.driver : first.module ? "(" + *first.module + ")" : std::string{};
}

}  // namespace

binding::DeviceNames hardware_names(sysfs::HardwareDatabase& database,
                                    const sysfs::Device& device) {
    const sysfs::HardwareNames& names = database.names(device);
    return {.vendor = names.vendor.value_or(""), .device = names.device.value_or("")};
}

std::string full_name(const binding::DeviceNames& names) {
    return names.vendor + (names.vendor.empty() || names.device.empty() ? "" : " ") + names.device;
}

std::string device_class_name(const sysfs::HardwareIds& ids) {
    if (!ids.class_code)
        return {};
    const std::string_view name = policy::class_name(*ids.class_code);
    return !name.empty() ? std::string(name) : base::to_hex(*ids.class_code, 6);
}

std::string id_pair(const std::optional<std::uint16_t>& vendor,
                    const std::optional<std::uint16_t>& device) {
    if (!vendor && !device)
        return {};
    return hex_or_unknown(vendor) + ":" + hex_or_unknown(device);
}

std::string wanted_driver(const policy::Decision* decision) {
    if (decision == nullptr || decision->outcome != policy::DecisionOutcome::kWanted ||
        decision->rule == nullptr || !decision->rule->driver)
        return {};
    switch (decision->rule->driver->kind) {
        case policy::DriverAction::ActionKind::kHost:
            return "host";
        case policy::DriverAction::ActionKind::kNone:
            return "none";
        case policy::DriverAction::ActionKind::kChain:
            return chain_driver(decision->chain);
    }
    return {};
}

std::string vfio_nodes_text(const sysfs::Device& device) {
    if (!device.vfio)
        return {};
    std::string out = device.vfio->group.value_or("");
    if (device.vfio->cdev)
        out += (out.empty() ? "" : ",") + *device.vfio->cdev;
    return out;
}

}  // namespace vfioctl

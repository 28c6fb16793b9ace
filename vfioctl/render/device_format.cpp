// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/device_format.hpp"

#include <algorithm>

#include "binding/report/plan_report.hpp"
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

std::string candidate_name(const policy::ChainLink& link) {
    return link.driver ? *link.driver : "module " + link.module.value_or("?");
}

std::vector<std::string> chain_lines(const policy::Chain& chain) {
    std::size_t name_width = 0;
    std::size_t status_width = 0;
    for (const policy::ChainLink& link : chain.links) {
        name_width = std::max(name_width, candidate_name(link).size());
        status_width =
            std::max(status_width, std::string(policy::candidate_status_name(link.status)).size());
    }
    std::vector<std::string> out;
    for (const policy::ChainLink& link : chain.links) {
        std::string name = candidate_name(link);
        std::string status = policy::candidate_status_name(link.status);
        name.resize(name_width, ' ');
        status.resize(status_width, ' ');
        std::string line = name + "  " + status + "  " + link.from;
        if (!link.why.empty())
            line += ": " + link.why;
        out.push_back(line);
    }
    return out;
}

std::vector<std::string> attribute_lines(const sysfs::Device& device,
                                         const policy::Decision* decision) {
    std::vector<std::string> lines;
    for (const auto& [name, wanted, actual] : binding::wanted_attributes(device, decision))
        lines.push_back(name + "=" + wanted +
                        (actual == wanted ? "" : ", now " + actual.value_or("unknown")));
    return lines;
}

}  // namespace vfioctl

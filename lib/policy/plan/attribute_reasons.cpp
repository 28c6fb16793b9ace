// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/attribute_reasons.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/number.hpp"
#include "policy/plan/refusal_reasons.hpp"

namespace policy {
namespace {

/// numa_node_store() takes nodes that are online, and -1. `online` is a list, "0-1,4".
bool is_online(const std::string& node, const std::string& online) {
    const auto number = base::parse_decimal(node);
    if (!number || online.empty())
        return true;
    std::istringstream ranges(online);
    for (std::string range; std::getline(ranges, range, ',');) {
        const std::size_t dash = std::min(range.find('-'), range.size());
        const auto first = base::parse_decimal(range.substr(0, dash));
        const auto last = base::parse_decimal(range.substr(dash == range.size() ? 0 : dash + 1));
        if (first && last && *first <= *number && *number <= *last)
            return true;
    }
    return false;
}

/// reset_method_show() lists those that the device has, until some are taken out: a device on its
/// way to VFIO is as the kernel made it.
std::string unlisted_method(const sysfs::Device& device, const std::string& wanted) {
    const auto words = [](const std::string& text) {
        std::istringstream stream(text);
        return std::vector<std::string>{std::istream_iterator<std::string>(stream), {}};
    };
    const auto listed = words(device.attrs.at("reset_method"));
    for (const std::string& method : words(wanted))
        if (std::find(listed.begin(), listed.end(), method) == listed.end())
            return method;
    return {};
}

}  // namespace

void add_attribute_reasons(const sysfs::Device& device, const std::vector<DeviceAttribute>& wanted,
                           DriverDuringWrite driver, const sysfs::Host& host,
                           std::vector<Reason>& out) {
    for (const DeviceAttribute& each : wanted) {
        const auto deny = [&](const std::string& why) {
            out.push_back(make_reason(ReasonCode::kDriverDenies, device.id, why,
                                      each.first + "=" + each.second));
        };
        if (const auto refusal = attribute_refusal(device.attrs, each))
            deny(*refusal);
        else if (driver == DriverDuringWrite::kPresent && needs_unbound_device(each.first))
            deny("can be given another " + each.first +
                 " only on its way to another driver: release it first");
        else if (each.first == "numa_node" && !is_online(each.second, host.online_nodes))
            deny("cannot be on NUMA node " + each.second + ": online are " + host.online_nodes);
        else if (each.first == "reset_method" && driver == DriverDuringWrite::kNone)
            if (const auto missing = unlisted_method(device, each.second); !missing.empty())
                deny("has no reset method " + missing + ", but " + device.attrs.at("reset_method") +
                     "; where some were taken out, `echo default` to reset_method lists all");
    }
}

}  // namespace policy

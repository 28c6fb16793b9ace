// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/property_values.hpp"

#include <functional>

#include "bindd/bus/message.hpp"
#include "binding/report/device_report.hpp"

namespace bindd {
namespace {

struct Append {
    sd_bus_message* reply;

    int operator()(const std::string& text) const {
        return sd_bus_message_append_basic(reply, 's', bus_text(text).c_str());
    }
    int operator()(int number) const { return sd_bus_message_append_basic(reply, 'i', &number); }
    int operator()(const PathValue& value) const {
        return sd_bus_message_append_basic(reply, 'o', value.path.c_str());
    }
    int operator()(const TextPairs& pairs) const {
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");
        for (const auto& [key, value] : pairs)
            if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", key, "s", bus_text(value).c_str());
        return r < 0 ? r : sd_bus_message_close_container(reply);
    }
};

struct Join {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(int number) const { return std::to_string(number); }
    std::string operator()(const PathValue& value) const { return value.path; }
    std::string operator()(const TextPairs& pairs) const {
        std::string out;
        for (const auto& [key, value] : pairs)
            out += std::string(key) + "=" + value + "\n";
        return out;
    }
};

}  // namespace

int append_value(sd_bus_message* reply, const PropertyValue& value) {
    return std::visit(Append{reply}, value);
}

std::uint32_t digest(const PropertyValue& value) {
    return static_cast<std::uint32_t>(std::hash<std::string>{}(std::visit(Join{}, value)));
}

TextPairs vfio_pairs(const sysfs::Device& device) {
    TextPairs pairs;
    if (device.vfio && device.vfio->group)
        pairs.emplace_back("group", *device.vfio->group);
    if (device.vfio && device.vfio->cdev)
        pairs.emplace_back("cdev", *device.vfio->cdev);
    return pairs;
}

TextPairs wanted_pairs(const policy::Decision* decision) {
    if (decision == nullptr || decision->outcome != policy::DecisionOutcome::kWanted ||
        decision->rule == nullptr)
        return {};
    TextPairs pairs;
    if (const auto driver = binding::wanted_driver(*decision))
        pairs.emplace_back("driver", *driver);
    pairs.emplace_back("rule", decision->rule->name);
    pairs.emplace_back("where", decision->rule->where.text());
    return pairs;
}

int number_or_none(const std::optional<int>& value) {
    return value.value_or(-1);
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/monitor_event.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "binding/codec/json.hpp"
#include "binding/report/history_report.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

enum class FieldKind {
    kText,    ///< empty: null
    kNumber,  ///< -1: null
    kFlag,    ///< 0 or 1; -1: null
    kObject,  ///< with these fields, or null
};

/// The properties of the bus that are not text.
struct FieldType {
    const char* property;
    FieldKind kind;
    std::array<const char*, 3> fields{};
};
constexpr FieldType kFieldTypes[] = {
    {"IommuGroup", FieldKind::kNumber},
    {"NumaNode", FieldKind::kNumber},
    {"PolicyGeneration", FieldKind::kNumber},
    {"BootVga", FieldKind::kFlag},
    {"Vfio", FieldKind::kObject, {"group", "cdev"}},
    {"Wanted", FieldKind::kObject, {"driver", "rule", "where"}},
};

/// "DriverOverride" → "driver_override", as in the JSON of list.
std::string to_field_name(const std::string& property) {
    std::string out;
    for (const char c : property) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper && !out.empty())
            out += '_';
        out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

/// The group's object path, which IommuGroup says, and the parts of objects are no fields.
bool is_field(const std::string& property) {
    return property != "Group" && property.find('.') == std::string::npos;
}

Json object_json(const BusProperties& properties, const FieldType& type) {
    Json out = Json::object();
    for (const char* field : type.fields) {
        if (field == nullptr)
            break;
        const auto found = properties.find(std::string(type.property) + "." + field);
        out[field] =
            found == properties.end() ? Json(nullptr) : binding::text_or_null(found->second);
    }
    return out;
}

Json field_json(const BusProperties& properties, const std::string& property,
                const std::string& value) {
    const auto* type =
        std::find_if(std::begin(kFieldTypes), std::end(kFieldTypes),
                     [&](const FieldType& each) { return each.property == property; });
    if (type == std::end(kFieldTypes) || value.empty())
        return binding::text_or_null(value);
    const auto number = base::parse_decimal(value);
    switch (type->kind) {
        case FieldKind::kText:
            break;
        case FieldKind::kNumber:
            return number ? Json(*number) : Json(nullptr);
        case FieldKind::kFlag:
            return number ? Json(*number != 0) : Json(nullptr);
        case FieldKind::kObject:
            return object_json(properties, *type);
    }
    return binding::text_or_null(value);
}

/// The first line of a value; status shows all of them.
std::string shortened(const std::string& value) {
    const std::size_t end = value.find('\n');
    return end == std::string::npos ? value : value.substr(0, end) + " ...";
}

}  // namespace

std::string event_text(const MonitorEvent& event, std::int64_t time_us) {
    std::string line = event.subject.empty() ? event.what : event.subject + ": " + event.what;
    std::string changes;
    for (const auto& [key, value] : event.changes)
        if (is_field(key) && (event.what == "changed" || !value.empty()))
            changes += (changes.empty() ? ": " : ", ") + to_field_name(key) + " " +
                       (value.empty() ? "none" : shortened(value));
    return binding::format_local_time(time_us) + " " + printable(line + changes) + "\n";
}

std::string event_json(const MonitorEvent& event, std::int64_t time_us) {
    Json changes = Json::object();
    for (const auto& [key, value] : event.changes)
        if (is_field(key))
            changes[to_field_name(key)] = field_json(event.changes, key, value);
    const Json json = {{"schema", "vfioctl/1"},
                       {"time", binding::format_time(time_us)},
                       {"time_us", time_us},
                       {"event", event.what},
                       {"subject", binding::text_or_null(event.subject)},
                       {"changes", std::move(changes)}};
    return binding::dump(json) + "\n";
}

}  // namespace vfioctl

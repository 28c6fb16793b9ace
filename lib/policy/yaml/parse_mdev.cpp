// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/parse_mdev.hpp"

#include <fmt/format.h>

#include "policy/model/keywords.hpp"
#include "policy/yaml/map_reader.hpp"
#include "policy/yaml/yaml_ids.hpp"
#include "policy/yaml/yaml_names.hpp"

namespace policy {
namespace {

constexpr IntegerBounds kCounts{1, 65535};

void read_attrs(MdevSpec& spec, const YamlValue& value) {
    constexpr std::string_view kExample = "as in attrs: [{assign_adapter: \"5\"}]";
    for (const YamlNode& node : list_items(value, kExample)) {
        // One name per item: they are written in this order, and names may repeat.
        if (node.kind == YamlKind::kBroken)
            continue;
        if (node.kind != YamlKind::kMap || node.entries.size() != 1) {
            value.with(node).error("each item of 'attrs' is one name with its value",
                                   std::string(kExample));
            continue;
        }
        const YamlEntry& entry = node.entries.front();
        const auto name = read_attr_name(YamlValue{&entry.key, value.key, value.report});
        const auto text = read_text(YamlValue{&entry.value, entry.key.text, value.report});
        if (name && text)
            spec.attrs.emplace_back(*name, *text);
    }
}

}  // namespace

MdevSpec read_mdev(const YamlNode& node, DiagnosticCollector& report) {
    MdevSpec spec;
    spec.where = report.where(node.position);
    const MapReader map(node, "an entry of 'mdevs'", kMdevKeys, report);
    const YamlEntry* uuid = map.find("uuid");
    const YamlEntry* count = map.find("count");
    if (uuid != nullptr)
        spec.uuid = read_uuid(map.value(*uuid));
    if (count != nullptr)
        if (const auto number = read_integer(map.value(*count), kCounts))
            spec.count = static_cast<std::uint32_t>(*number);
    if (map.is_map() && (uuid == nullptr) == (count == nullptr))
        report.error(uuid == nullptr ? node.position : count->key.position,
                     uuid == nullptr ? "an entry of 'mdevs' needs 'uuid' or 'count'"
                                     : "an entry of 'mdevs' has 'uuid' or 'count', not both");
    if (const YamlEntry* type = map.require("type"))
        spec.type = read_mdev_type(map.value(*type)).value_or("");
    if (const YamlEntry* attrs = map.find("attrs"))
        read_attrs(spec, map.value(*attrs));
    return spec;
}

}  // namespace policy

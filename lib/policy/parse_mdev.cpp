// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include "policy/map_reader.hpp"
#include "policy/reading.hpp"
#include "policy/vocabulary.hpp"

/// An entry of `mdevs`.
namespace policy {
namespace {

constexpr Bounds kCounts{1, 65535};

void read_attrs(MdevWish& wish, const Value& value) {
    constexpr std::string_view kExample = "as in attrs: [{assign_adapter: \"5\"}]";
    for (const Node& node : list_items(value, kExample)) {
        // One name to an item: the kernel takes them one by one, in this order, and names may
        // repeat.
        if (node.kind == Node::Kind::kBroken)
            continue;
        if (node.kind != Node::Kind::kMap || node.entries.size() != 1) {
            value.with(node).error("each item of 'attrs' is one name with its value",
                                   std::string(kExample));
            continue;
        }
        const Entry& entry = node.entries.front();
        const auto name = read_attr_name(Value{&entry.key, value.key, value.report});
        const auto text = read_text(Value{&entry.value, entry.key.text, value.report});
        if (name && text)
            wish.attrs.emplace_back(*name, *text);
    }
}

}  // namespace

MdevWish read_mdev(const Node& node, Report& report) {
    MdevWish wish;
    wish.where = report.where(node.place);
    const MapReader map(node, "an entry of 'mdevs'", kMdevKeys, report);
    const Entry* uuid = map.find("uuid");
    const Entry* count = map.find("count");
    if (uuid != nullptr)
        wish.uuid = read_uuid(map.value(*uuid));
    if (count != nullptr)
        if (const auto number = read_integer(map.value(*count), kCounts))
            wish.count = static_cast<std::uint32_t>(*number);
    if (map.is_map() && (uuid == nullptr) == (count == nullptr))
        report.error(uuid == nullptr ? node.place : count->key.place,
                     uuid == nullptr ? "an entry of 'mdevs' needs 'uuid' or 'count'"
                                     : "an entry of 'mdevs' has 'uuid' or 'count', not both");
    if (const Entry* type = map.require("type"))
        wish.type = read_mdev_type(map.value(*type)).value_or("");
    if (const Entry* attrs = map.find("attrs"))
        read_attrs(wish, map.value(*attrs));
    return wish;
}

}  // namespace policy

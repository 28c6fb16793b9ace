// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/map_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/edit_distance.hpp"
#include "base/utf8.hpp"
#include "policy/model/keywords.hpp"
#include "policy/model/match_fields.hpp"

namespace policy {
namespace {

/// A map of the language and its keys.
struct KeyOwner {
    std::string_view what;
    std::span<const std::string_view> keys;
};

bool contains(std::span<const std::string_view> keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string key_owner_hint(std::string_view key) {
    const std::array owners = {
        KeyOwner{"a rule", kRuleKeys},       KeyOwner{"'match'", match_keys()},
        KeyOwner{"a variant", kVariantKeys}, KeyOwner{"'access'", kAccessKeys},
        KeyOwner{"'sriov'", kSriovKeys},     KeyOwner{"an entry of 'mdevs'", kMdevKeys},
        KeyOwner{"'in_use'", kInUseKeys},    KeyOwner{"a policy file", kFileKeys},
    };
    for (const KeyOwner& owner : owners)
        if (contains(owner.keys, key))
            return fmt::format("'{}' is a key of {}", key, owner.what);
    return {};
}

}  // namespace

MapReader::MapReader(const YamlNode& node, std::string_view what,
                     std::span<const std::string_view> known, DiagnosticCollector& report,
                     std::string_view example)
    : node_(&node), what_(what), report_(&report), is_map_(node.kind == YamlKind::kMap) {
    if (node.kind == YamlKind::kBroken)
        return;
    if (!is_map_) {
        report.error(node.position,
                     fmt::format("{} must be a map of keys and values, not {}", what,
                                 node.kind == YamlKind::kSequence ? "a list" : "a single value"),
                     std::string(example));
        return;
    }
    for (const YamlEntry& entry : node.entries)
        if (!contains(known, entry.key.text))
            report_unknown(entry.key, known);
}

const YamlEntry* MapReader::find(std::string_view key) const {
    const auto found =
        std::find_if(node_->entries.begin(), node_->entries.end(),
                     [key](const YamlEntry& entry) { return entry.key.text == key; });
    return found == node_->entries.end() ? nullptr : &*found;
}

const YamlEntry* MapReader::require(std::string_view key, std::string_view hint) const {
    const YamlEntry* found = find(key);
    if (found == nullptr && is_map_)
        report_->error(node_->position, fmt::format("{} needs '{}'", what_, key),
                       std::string(hint));
    return found;
}

void MapReader::report_unknown(const YamlNode& key, std::span<const std::string_view> known) const {
    if (key.text == "<<") {
        report_->error(key.position, "merge keys ('<<') are not part of the policy language",
                       "write the keys out");
        return;
    }
    std::string hint = key_owner_hint(key.text);
    if (hint.empty())
        hint = base::did_you_mean(key.text, known);
    report_->error(key.position, fmt::format("unknown key {} in {}", base::quote(key.text), what_),
                   std::move(hint));
}

std::span<const YamlNode> list_items(const YamlValue& value, std::string_view hint) {
    const YamlNode& node = *value.node;
    if (node.kind == YamlKind::kSequence && !node.items.empty())
        return node.items;
    if (node.kind == YamlKind::kSequence)
        value.error(fmt::format("'{}' is an empty list", value.key), std::string(hint));
    else
        value.error(fmt::format("'{}' must be a list", value.key), std::string(hint));
    return {};
}

std::span<const YamlNode> one_or_many(const YamlValue& value) {
    const YamlNode& node = *value.node;
    if (node.kind == YamlKind::kSequence && node.items.empty())
        value.error(fmt::format("'{}' is an empty list, which nothing matches", value.key));
    if (node.kind == YamlKind::kSequence)
        return node.items;
    return {&node, 1};
}

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/map_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/near.hpp"
#include "policy/utf8.hpp"
#include "policy/vocabulary.hpp"

namespace policy {
namespace {

/// Every map of the language, in the order in which a misplaced key is looked up.
struct Home {
    std::string_view what;
    std::span<const std::string_view> keys;
};

constexpr std::array kHomes = {
    Home{"a rule", kRuleKeys},       Home{"'match'", kMatchKeys},
    Home{"a variant", kVariantKeys}, Home{"'access'", kAccessKeys},
    Home{"'sriov'", kSriovKeys},     Home{"an entry of 'mdevs'", kMdevKeys},
    Home{"'in_use'", kInUseKeys},    Home{"a policy file", kFileKeys},
};

bool holds(std::span<const std::string_view> keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string where_it_belongs(std::string_view key) {
    for (const Home& home : kHomes)
        if (holds(home.keys, key))
            return fmt::format("'{}' is a key of {}", key, home.what);
    return {};
}

}  // namespace

MapReader::MapReader(const Node& node, std::string_view what,
                     std::span<const std::string_view> known, Report& report,
                     std::string_view example)
    : node_(&node), what_(what), report_(&report), is_map_(node.kind == Node::Kind::kMap) {
    if (node.kind == Node::Kind::kBroken)
        return;
    if (!is_map_) {
        report.error(node.place,
                     fmt::format("{} must be a map of keys and values, not {}", what,
                                 node.kind == Node::Kind::kSequence ? "a list" : "a single value"),
                     std::string(example));
        return;
    }
    for (const Entry& entry : node.entries)
        if (!holds(known, entry.key.text))
            report_unknown(entry.key, known);
}

const Entry* MapReader::find(std::string_view key) const {
    const auto found = std::find_if(node_->entries.begin(), node_->entries.end(),
                                    [key](const Entry& entry) { return entry.key.text == key; });
    return found == node_->entries.end() ? nullptr : &*found;
}

const Entry* MapReader::require(std::string_view key, std::string_view hint) const {
    const Entry* found = find(key);
    if (found == nullptr && is_map_)
        report_->error(node_->place, fmt::format("{} needs '{}'", what_, key), std::string(hint));
    return found;
}

void MapReader::report_unknown(const Node& key, std::span<const std::string_view> known) const {
    if (key.text == "<<") {
        report_->error(key.place, "merge keys ('<<') are not part of the policy language",
                       "write the keys out");
        return;
    }
    std::string hint = where_it_belongs(key.text);
    if (hint.empty())
        hint = did_you_mean(key.text, known);
    report_->error(key.place, fmt::format("unknown key {} in {}", cite(key.text), what_),
                   std::move(hint));
}

std::span<const Node> list_items(const Value& value, std::string_view hint) {
    const Node& node = *value.node;
    if (node.kind == Node::Kind::kSequence && !node.items.empty())
        return node.items;
    if (node.kind == Node::Kind::kSequence)
        value.error(fmt::format("'{}' is an empty list", value.key), std::string(hint));
    else
        value.error(fmt::format("'{}' must be a list", value.key), std::string(hint));
    return {};
}

std::span<const Node> one_or_many(const Value& value) {
    const Node& node = *value.node;
    if (node.kind == Node::Kind::kSequence && node.items.empty())
        value.error(fmt::format("'{}' is an empty list, which nothing matches", value.key));
    if (node.kind == Node::Kind::kSequence)
        return node.items;
    return {&node, 1};
}

}  // namespace policy

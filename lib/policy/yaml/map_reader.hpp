// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "policy/yaml/yaml_scalars.hpp"

namespace policy {

/// A map with known keys. It reports a node that is no map, and unknown keys with a suggestion.
/// `what` names the map in messages ("a rule", "'access'").
class MapReader {
  public:
    MapReader(const YamlNode& node, std::string_view what, std::span<const std::string_view> known,
              DiagnosticCollector& report, std::string_view example = {});

    /// The node is a map, with or without unknown keys.
    [[nodiscard]] bool is_map() const { return is_map_; }
    [[nodiscard]] bool is_empty() const { return node_->entries.empty(); }
    [[nodiscard]] const YamlNode& node() const { return *node_; }
    [[nodiscard]] const YamlEntry* find(std::string_view key) const;
    /// The entry's value, for the readers.
    [[nodiscard]] YamlValue value(const YamlEntry& entry) const {
        return {&entry.value, entry.key.text, report_};
    }
    /// Reads the value of a key; nothing when the map does not have it.
    template <typename Read>
    [[nodiscard]] auto read(std::string_view key, Read reader) const {
        const YamlEntry* entry = find(key);
        return entry == nullptr ? decltype(reader(value(*entry))){} : reader(value(*entry));
    }
    /// Reports a missing key.
    const YamlEntry* require(std::string_view key, std::string_view hint = {}) const;

  private:
    void report_unknown(const YamlNode& key, std::span<const std::string_view> known) const;

    const YamlNode* node_;
    std::string_view what_;
    DiagnosticCollector* report_;
    bool is_map_ = false;
};

/// The items of a list. Reports a value that is no list, with `hint`, and an empty list.
[[nodiscard]] std::span<const YamlNode> list_items(const YamlValue& value, std::string_view hint);

/// The nodes of a value that is one scalar or a list of them.
[[nodiscard]] std::span<const YamlNode> one_or_many(const YamlValue& value);

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/model/policy_model.hpp"
#include "policy/yaml/yaml_node.hpp"

namespace policy {

/// One value to be read: the node, its key (for messages) and the report. The readers are strict:
/// they read the whole scalar or nothing, and report a refused value at its node, once.
struct YamlValue {
    const YamlNode* node;
    std::string_view key;
    DiagnosticCollector* report;

    void error(std::string text, std::string hint = {}) const;
    void warning(std::string text, std::string hint = {}) const;
    /// The same key with another node: an item of its list.
    [[nodiscard]] YamlValue with(const YamlNode& other) const { return {&other, key, report}; }
};

struct IntegerBounds {
    std::int64_t least;
    std::int64_t most;
};

/// true or false, unquoted; none of YAML 1.1's other words.
[[nodiscard]] std::optional<bool> read_bool(const YamlValue& value);
/// Decimal digits, optionally with a minus, unquoted.
[[nodiscard]] std::optional<std::int64_t> read_integer(const YamlValue& value,
                                                       IntegerBounds bounds);
/// The priority of a rule or variant: what fits into 32 bits.
[[nodiscard]] std::optional<std::int64_t> read_priority(const YamlValue& value);
/// A text of one line, not empty. Unquoted only where every YAML tool sees the same text.
[[nodiscard]] std::optional<std::string> read_text(const YamlValue& value);
/// The same with several lines; white space at the ends is removed.
[[nodiscard]] std::optional<std::string> read_prose(const YamlValue& value);
/// One of `words`; returns its index.
[[nodiscard]] std::optional<std::size_t> read_keyword(const YamlValue& value,
                                                      std::span<const std::string_view> words);
/// A shell glob: brackets closed, no trailing backslash.
[[nodiscard]] std::optional<std::string> read_glob(const YamlValue& value);

}  // namespace policy

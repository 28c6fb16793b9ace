// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/model/policy_model.hpp"
#include "policy/yaml/yaml_tree.hpp"

namespace policy {

/// One value of a policy on its way into the model: the node, the key it belongs to (for messages)
/// and where to report. The readers below are strict: the whole scalar or nothing, and what they
/// refuse is reported at the node, once.
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
/// Of rules and of variants: what fits into 32 bits.
inline constexpr IntegerBounds kPriorities{-2147483648LL, 2147483647LL};

/// true or false, unquoted; none of YAML 1.1's other words.
[[nodiscard]] std::optional<bool> read_bool(const YamlValue& value);
/// Decimal digits with perhaps a minus, unquoted.
[[nodiscard]] std::optional<std::int64_t> read_integer(const YamlValue& value,
                                                       IntegerBounds bounds);
/// A text of one line, not empty. Unquoted only where every YAML tool sees the same text.
[[nodiscard]] std::optional<std::string> read_text(const YamlValue& value);
/// The same, lines allowed; white space at the ends is cut.
[[nodiscard]] std::optional<std::string> read_prose(const YamlValue& value);
/// One of a few words; gives its index.
[[nodiscard]] std::optional<std::size_t> read_keyword(const YamlValue& value,
                                                      std::span<const std::string_view> words);
/// A shell glob: brackets closed, no trailing backslash.
[[nodiscard]] std::optional<std::string> read_glob(const YamlValue& value);

/// Exactly so many hex digits, quoted; lower case.
[[nodiscard]] std::optional<std::string> read_hex_id(const YamlValue& value, std::size_t digits);
/// A class by name, or six hex digits with 'x' for any, quoted.
[[nodiscard]] std::optional<std::string> read_class(const YamlValue& value);
enum class AddressBus { kPci, kAnyBus };
/// A device's address or a glob over addresses, quoted.
[[nodiscard]] std::optional<std::string> read_address(const YamlValue& value, AddressBus bus);
/// A glob over names; one that is an address must be quoted like any address.
[[nodiscard]] std::optional<std::string> read_name_glob(const YamlValue& value);
/// 3 or "0-3".
[[nodiscard]] std::optional<IndexRange> read_range(const YamlValue& value);
/// ">=6.8", quoted.
[[nodiscard]] std::optional<std::string> read_kernel(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_uuid(const YamlValue& value);
/// "0660": octal, quoted, permission bits only.
[[nodiscard]] std::optional<std::uint32_t> read_mode(const YamlValue& value);

[[nodiscard]] std::optional<std::string> read_bus_name(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_arch(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_driver_name(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_rule_name(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_mdev_type(const YamlValue& value);
/// The name of a sysfs attribute, or of a udev property: a key, not a value.
[[nodiscard]] std::optional<std::string> read_attr_name(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_property_name(const YamlValue& value);
/// A user or group: a name or a number.
[[nodiscard]] std::optional<std::string> read_account(const YamlValue& value);
/// A reason code that a rule may lift.
[[nodiscard]] std::optional<std::string> read_forceable(const YamlValue& value);

}  // namespace policy

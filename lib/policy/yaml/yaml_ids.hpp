// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "policy/model/policy_model.hpp"
#include "policy/yaml/yaml_scalars.hpp"

/// The readers of ids, addresses, versions and modes: texts that YAML tools take for numbers, so
/// they must be quoted.
namespace policy {

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

}  // namespace policy

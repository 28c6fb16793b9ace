// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "policy/plan/plan.hpp"
#include "sysfs/device/device.hpp"

/// How the values of the lower floors look as JSON; shared by journal, history and reports.
namespace binding {

using Json = nlohmann::ordered_json;

/// Valid UTF-8 with what was not replaced by U+FFFD: sysfs names are bytes.
[[nodiscard]] std::string utf8(std::string_view bytes);

template <typename T>
[[nodiscard]] Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}
[[nodiscard]] Json text_or_null(const std::optional<std::string>& value);
[[nodiscard]] Json text_or_null(const std::string& value);  ///< null for an empty one
[[nodiscard]] Json hex_or_null(const std::optional<std::uint32_t>& value, std::size_t digits);

[[nodiscard]] Json to_json(const sysfs::Identity& identity);

/// These throw nlohmann's exceptions: for use inside a decoder that catches them.
[[nodiscard]] std::optional<std::string> optional_text(const Json& object, const char* key);
[[nodiscard]] std::optional<int> optional_int(const Json& object, const char* key);
[[nodiscard]] sysfs::DeviceId parse_device_id(const std::string& text);
[[nodiscard]] sysfs::Identity parse_identity(const Json& object);

[[nodiscard]] Json to_json(const policy::Step& step);
[[nodiscard]] policy::Step parse_step(const Json& object);
[[nodiscard]] std::optional<policy::Op> parse_op(std::string_view name);
[[nodiscard]] std::optional<policy::StepResult> parse_step_result(std::string_view name);

/// One line of text, never an exception whatever the bytes.
[[nodiscard]] std::string dump(const Json& value);

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sysfs/device/names.hpp"

/// What codecs and reports share.
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

/// "bus/name" with names that the kernel could have.
[[nodiscard]] std::optional<sysfs::DeviceId> parse_device_id(std::string_view text);

enum class JsonLayout { kLine, kIndented };
/// JSON that may be shown in a terminal, and never an exception whatever the bytes: what is not
/// UTF-8 is replaced by U+FFFD, and control characters (base::is_control) are escaped.
[[nodiscard]] std::string dump(const Json& value, JsonLayout layout = JsonLayout::kLine);

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sysfs/device/names.hpp"

/// What codecs and reports share.
namespace binding {

using Json = nlohmann::ordered_json;

/// What a text may have at most, so that reading and writing it again costs little of memory, time
/// and stack. `names` are those of one object: looking one up is linear.
struct JsonLimits {
    std::size_t bytes;
    std::size_t values;
    std::size_t names;
    std::size_t depth = 32;  ///< as in policies
};
/// Files that others write, and outputs of scripts: a policy's size.
inline constexpr JsonLimits kFileLimits{.bytes = 1U << 20, .values = 10'000, .names = 10'000};
/// A line that we wrote: of the journal, the history, a snapshot.
inline constexpr JsonLimits kRecordLimits{.bytes = 16U << 20, .values = 1U << 20, .names = 1'000};
/// A message between the daemon's processes: a query of who uses 16,000 devices has some 20 MiB.
inline constexpr JsonLimits kMessageLimits{
    .bytes = 64U << 20, .values = 8U << 20, .names = 100'000};

/// The one parser of JSON. kInvalid with where the text stops being JSON, or which limit it is
/// over.
[[nodiscard]] base::Result<Json> parse_json(std::string_view text,
                                            const JsonLimits& limits = kFileLimits);

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

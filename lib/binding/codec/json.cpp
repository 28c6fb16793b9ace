// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/json.hpp"

#include <algorithm>

#include "base/number.hpp"
#include "base/utf8.hpp"

namespace binding {
namespace {

constexpr int kCompact = -1;
constexpr int kIndent = 2;

bool is_ascii(std::string_view bytes) {
    return std::all_of(bytes.begin(), bytes.end(),
                       [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

/// The library escapes those below 0x20 alone. All of them have four hexadecimal digits.
std::string escape_controls(const std::string& json) {
    std::string out;
    std::string_view rest = json;
    while (!rest.empty()) {
        const base::CodePoint point = base::next_code_point(rest);
        const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
        if (point.value >= 0x7f && base::is_control(point.value))
            out += "\\u" + base::to_hex(point.value, 4);
        else
            out += rest.substr(0, bytes);
        rest.remove_prefix(bytes);
    }
    return out;
}

}  // namespace

std::string dump(const Json& value, JsonLayout layout) {
    std::string json = value.dump(layout == JsonLayout::kLine ? kCompact : kIndent, ' ', false,
                                  Json::error_handler_t::replace);
    const bool has_del = json.find('\x7f') != std::string::npos;
    return is_ascii(json) && !has_del ? json : escape_controls(json);
}

std::string utf8(std::string_view bytes) {
    if (is_ascii(bytes))
        return std::string(bytes);
    // The library's own replacement, by a round trip through a dumped string.
    const std::string quoted =
        Json(std::string(bytes)).dump(kCompact, ' ', false, Json::error_handler_t::replace);
    return Json::parse(quoted).get<std::string>();
}

Json text_or_null(const std::optional<std::string>& value) {
    return value ? Json(utf8(*value)) : Json(nullptr);
}

Json text_or_null(const std::string& value) {
    return value.empty() ? Json(nullptr) : Json(utf8(value));
}

Json hex_or_null(const std::optional<std::uint32_t>& value, std::size_t digits) {
    return value ? Json(base::to_hex(*value, digits)) : Json(nullptr);
}

std::optional<sysfs::DeviceId> parse_device_id(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    auto bus = sysfs::parse_bus_name(text.substr(0, slash));
    auto name = sysfs::parse_device_name(text.substr(slash + 1));
    if (!bus || !name)
        return std::nullopt;
    return sysfs::DeviceId{*std::move(bus), *std::move(name)};
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/json.hpp"

#include <algorithm>

#include "base/number.hpp"

namespace binding {
namespace {

constexpr int kCompact = -1;

}  // namespace

std::string dump(const Json& value) {
    return value.dump(kCompact, ' ', false, Json::error_handler_t::replace);
}

std::string utf8(std::string_view bytes) {
    const auto is_ascii = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
    if (std::all_of(bytes.begin(), bytes.end(), is_ascii))
        return std::string(bytes);
    // The library's own replacement, by a round trip through a dumped string.
    const std::string quoted = dump(Json(std::string(bytes)));
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

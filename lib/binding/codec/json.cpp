// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/json.hpp"

#include <algorithm>
#include <vector>

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

/// Which limit the text is over; empty: none. Counts without parsing: the library parses and writes
/// nested values by recursion, and all of a text before it says anything.
class JsonMeter {
  public:
    explicit JsonMeter(const JsonLimits& limits) : limits_(limits) {}

    const char* excess(std::string_view text) {
        if (text.size() > limits_.bytes)
            return "too large";
        bool in_string = false;
        for (std::size_t at = 0; at < text.size() && problem_ == nullptr; ++at) {
            const char byte = text[at];
            if (byte == '"')
                in_string = !in_string;
            else if (in_string)
                at += byte == '\\' ? 1 : 0;
            else
                count(byte);
        }
        return problem_;
    }

  private:
    void count(char byte) {
        if (byte == '[' || byte == '{' || byte == ',')
            add(++values_, limits_.values, "too many values");
        if (byte == '[' || byte == '{') {
            names_.push_back(0);
            add(names_.size(), limits_.depth, "nested too deeply");
        } else if ((byte == ']' || byte == '}') && !names_.empty()) {
            names_.pop_back();
        } else if (byte == ':' && !names_.empty()) {
            add(++names_.back(), limits_.names, "too many names in an object");
        }
    }
    void add(std::size_t number, std::size_t limit, const char* problem) {
        if (number > limit)
            problem_ = problem;
    }

    const JsonLimits& limits_;
    std::size_t values_ = 0;
    std::vector<std::size_t> names_;  ///< by depth
    const char* problem_ = nullptr;
};

/// nlohmann's text without its own name: "[json.exception.parse_error.101] parse error at line 1,
/// ...".
std::string without_exception_name(const std::string& text) {
    const std::size_t end = text.find("] ");
    return end == std::string::npos ? text : text.substr(end + 2);
}

tl::unexpected<base::Error> invalid_json(std::string why) {
    return base::fail(base::Code::kInvalid, {}, {}, std::move(why));
}

}  // namespace

base::Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
    // Of this the library's versions say different things.
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return invalid_json("there is nothing in it");
    if (const char* excess = JsonMeter(limits).excess(text))
        return invalid_json(excess);
    try {
        return Json::parse(text);
    } catch (const Json::exception& error) {  // of its syntax, or a number beyond a double's range
        return invalid_json(without_exception_name(error.what()));
    }
}

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

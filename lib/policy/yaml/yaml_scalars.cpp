// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/yaml_scalars.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/edit_distance.hpp"
#include "base/utf8.hpp"
#include "policy/yaml/yaml_types.hpp"

/// yaml-cpp's own conversions read "yes" as true and 010 as 8, so they are not used.
namespace policy {
namespace {

std::string_view kind_name(const YamlNode& node) {
    switch (node.kind) {
        case YamlKind::kScalar:
            return "a single value";
        case YamlKind::kSequence:
            return "a list";
        case YamlKind::kMap:
            return "a map";
        case YamlKind::kBroken:
            return "nothing";
    }
    return "";
}

/// A scalar, whatever its style. Broken nodes were reported before.
bool is_scalar(const YamlValue& value, std::string_view wanted) {
    if (value.node->kind == YamlKind::kBroken)
        return false;
    if (value.node->kind == YamlKind::kScalar)
        return true;
    value.error(fmt::format("'{}' must be {}, not {}", value.key, wanted, kind_name(*value.node)));
    return false;
}

bool has_control(std::string_view text) {
    while (!text.empty()) {
        const base::CodePoint point = base::next_code_point(text);
        if (point.bytes == 0 || point.value < 0x20 || (point.value >= 0x7f && point.value < 0xa0))
            return true;
        text.remove_prefix(point.bytes);
    }
    return false;
}

std::string trimmed(const std::string& text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string::npos)
        return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Text that every YAML tool reads as text: quoted, or unambiguous.
bool is_text(const YamlValue& value) {
    if (!is_scalar(value, "text"))
        return false;
    const YamlNode& node = *value.node;
    if (!node.is_plain())
        return true;
    const auto reading = implicit_type(node.text);
    if (!reading)
        return true;
    value.error(fmt::format("'{}' must be text, and YAML tools read {} as {}", value.key,
                            base::printable(node.text), *reading),
                fmt::format("quote it: \"{}\"", base::printable(node.text)));
    return false;
}

}  // namespace

void YamlValue::error(std::string text, std::string hint) const {
    if (node->kind != YamlKind::kBroken)
        report->error(node->position, std::move(text), std::move(hint));
}

void YamlValue::warning(std::string text, std::string hint) const {
    report->warning(node->position, std::move(text), std::move(hint));
}

std::optional<bool> read_bool(const YamlValue& value) {
    if (!is_scalar(value, "true or false"))
        return std::nullopt;
    const YamlNode& node = *value.node;
    if (node.is_plain() && (node.text == "true" || node.text == "false"))
        return node.text == "true";
    const auto reading = implicit_type(node.text);
    const bool meant = reading && (*reading == "true" || *reading == "false");
    value.error(
        fmt::format("'{}' must be true or false, not {}", value.key, base::quote(node.text)),
        meant ? "write " + *reading + ", in lower case and unquoted" : "");
    return std::nullopt;
}

std::optional<std::int64_t> read_integer(const YamlValue& value, IntegerBounds bounds) {
    if (!is_scalar(value, "a whole number"))
        return std::nullopt;
    const std::string& text = value.node->text;
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, 10);
    const bool whole = !text.empty() && stop == end && error != std::errc::invalid_argument;
    if (whole && !value.node->is_plain()) {
        value.error(fmt::format("'{}' must be a number, and \"{}\" is text", value.key, text),
                    "leave the quotes out");
        return std::nullopt;
    }
    // 010 is 8 to some tools and 10 to others.
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    if (!whole || (text.size() > first + 1 && text[first] == '0') || text == "-0") {
        value.error(fmt::format("'{}' must be a whole decimal number, not {}", value.key,
                                base::quote(text)));
        return std::nullopt;
    }
    if (error != std::errc() || number < bounds.least || number > bounds.most) {
        value.error(fmt::format("'{}' is {}; it must be from {} to {}", value.key,
                                base::quote(text), bounds.least, bounds.most));
        return std::nullopt;
    }
    return number;
}

std::optional<std::int64_t> read_priority(const YamlValue& value) {
    return read_integer(value, {-2147483648LL, 2147483647LL});
}

std::optional<std::string> read_text(const YamlValue& value) {
    if (!is_text(value))
        return std::nullopt;
    const std::string& text = value.node->text;
    if (text.empty()) {
        value.error(fmt::format("'{}' is empty", value.key));
        return std::nullopt;
    }
    if (has_control(text)) {
        value.error(fmt::format("'{}' must be one line without control characters", value.key));
        return std::nullopt;
    }
    return text;
}

std::optional<std::string> read_prose(const YamlValue& value) {
    if (!is_text(value))
        return std::nullopt;
    std::string text = trimmed(value.node->text);
    if (text.empty()) {
        value.error(fmt::format("'{}' is empty", value.key));
        return std::nullopt;
    }
    std::string line = text;
    std::erase(line, '\n');
    std::erase(line, '\t');
    if (has_control(line)) {
        value.error(fmt::format("'{}' must not hold control characters", value.key));
        return std::nullopt;
    }
    return text;
}

std::optional<std::size_t> read_keyword(const YamlValue& value,
                                        std::span<const std::string_view> words) {
    std::string list;
    for (std::size_t i = 0; i < words.size(); ++i)
        list += fmt::format("{}'{}'",
                            i == 0                  ? ""
                            : i + 1 == words.size() ? " or "
                                                    : ", ",
                            words[i]);
    if (!is_scalar(value, list))
        return std::nullopt;
    for (std::size_t i = 0; i < words.size(); ++i)
        if (words[i] == value.node->text)
            return i;
    value.error(
        fmt::format("'{}' must be {}, not {}", value.key, list, base::quote(value.node->text)),
        base::did_you_mean(value.node->text, words));
    return std::nullopt;
}

std::optional<std::string> read_glob(const YamlValue& value) {
    auto text = read_text(value);
    if (!text)
        return std::nullopt;
    // fnmatch(3) reads an open '[' literally: such a match would silently never hold.
    for (std::size_t i = 0; i < text->size(); ++i) {
        const char c = (*text)[i];
        if (c == '\\') {
            if (++i == text->size()) {
                value.error(
                    fmt::format("'{}' ends in a backslash that escapes nothing", value.key));
                return std::nullopt;
            }
        } else if (c == '[') {
            // "[]...]" and "[!]...]" hold a ']' as a member.
            const bool negated =
                i + 1 < text->size() && ((*text)[i + 1] == '!' || (*text)[i + 1] == '^');
            const std::size_t end = text->find(']', i + (negated ? 3 : 2));
            if (end == std::string::npos) {
                value.error(fmt::format("'[' without ']' in the glob {}", base::quote(*text)),
                            "\\[ stands for a '[' itself");
                return std::nullopt;
            }
            i = end;
        }
    }
    return text;
}

}  // namespace policy

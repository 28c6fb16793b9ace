// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/yaml_ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/edit_distance.hpp"
#include "base/utf8.hpp"
#include "policy/model/class_and_kernel_match.hpp"
#include "policy/yaml/yaml_types.hpp"
#include "sysfs/device/names.hpp"

namespace policy {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

bool only(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Reports an unquoted value: what YAML tools read it as, or what they read a similar one as.
bool is_quoted(const YamlValue& value, std::string_view noun, std::string_view example) {
    if (!value.node->is_plain())
        return true;
    const std::string& text = value.node->text;
    const auto reading = implicit_type(text);
    // "8086 is read as the number 8086" explains nothing; then a similar value is the example.
    const bool changed = reading && *reading != "the number " + text;
    value.error(changed ? fmt::format("'{}' must be quoted: YAML tools read {} as {}", value.key,
                                      base::printable(text), *reading)
                        : fmt::format("'{}' must be quoted: YAML tools read {} such as {}",
                                      value.key, noun, example),
                fmt::format("write \"{}\"", base::printable(text)));
    return false;
}

/// Quoted text, before its syntax is checked.
std::optional<std::string> quoted_text(const YamlValue& value, std::string_view noun,
                                       std::string_view example) {
    if (value.node->kind == YamlKind::kScalar && !is_quoted(value, noun, example))
        return std::nullopt;
    return read_text(value);
}

constexpr std::string_view kIdExample = "0010 as the number 8 and 1e10 as 10000000000";
constexpr std::string_view kAddressExample = "0000:01:00.0 as the number 60";

/// Other words for the classes.
constexpr std::array kClassAliases = {
    std::pair{std::string_view("gpu"), std::string_view("display")},
    std::pair{std::string_view("vga"), std::string_view("display")},
    std::pair{std::string_view("graphics"), std::string_view("display")},
    std::pair{std::string_view("nvme"), std::string_view("storage")},
    std::pair{std::string_view("disk"), std::string_view("storage")},
    std::pair{std::string_view("nic"), std::string_view("network")},
    std::pair{std::string_view("ethernet"), std::string_view("network")},
    std::pair{std::string_view("audio"), std::string_view("multimedia")},
    std::pair{std::string_view("sound"), std::string_view("multimedia")},
    std::pair{std::string_view("usb"), std::string_view("0c03xx")},
};

std::string class_hint(const std::string& word) {
    for (const auto& [alias, name] : kClassAliases)
        if (word == alias)
            return fmt::format("did you mean \"{}\"?", name);
    if (std::string near = base::did_you_mean(word, class_names()); !near.empty())
        return near;
    std::string names;
    for (const std::string_view name : class_names())
        names += fmt::format("{}{}", names.empty() ? "the names are " : " ", name);
    return names;
}

}  // namespace

std::optional<std::string> read_hex_id(const YamlValue& value, std::size_t digits) {
    auto text = quoted_text(value, "ids", kIdExample);
    if (!text)
        return std::nullopt;
    if (!base::parse_hex(*text, digits)) {
        const bool prefixed = text->starts_with("0x") || text->starts_with("0X");
        const bool padded = text->size() < digits && only(lower(*text), kHexDigits);
        std::string hint;
        if (prefixed && base::parse_hex(text->substr(2), digits))
            hint = fmt::format("write \"{}\"", lower(text->substr(2)));
        else if (padded)
            hint =
                fmt::format("write \"{}\"", std::string(digits - text->size(), '0') + lower(*text));
        value.error(fmt::format("'{}' must be {} hex digits, not {}", value.key, digits,
                                base::quote(*text)),
                    std::move(hint));
        return std::nullopt;
    }
    return lower(*text);
}

std::optional<std::string> read_class(const YamlValue& value) {
    if (value.node->is_plain() && base_class(value.node->text))
        return value.node->text;
    const std::string folded = lower(value.node->text);
    const bool looks_hex = !folded.empty() && only(folded, "0123456789abcdefx");
    if (value.node->is_plain() && looks_hex &&
        !is_quoted(value, "class codes", "030200 as the number 12416"))
        return std::nullopt;
    auto text = read_text(value);
    if (!text)
        return std::nullopt;
    if (base_class(*text))
        return text;
    if (looks_hex && folded.size() == 6)
        return folded;
    std::string hint = class_hint(folded);
    if (looks_hex && folded.size() < 6)
        hint = fmt::format("write \"{}\" for a class that begins with {}",
                           folded + std::string(6 - folded.size(), 'x'), folded);
    else if (folded.starts_with("0x") && folded.size() == 8)
        hint = fmt::format("write \"{}\"", folded.substr(2));
    value.error(
        fmt::format("{} is no device class: neither one of the names nor six hex digits with 'x' "
                    "for any",
                    base::quote(*text)),
        std::move(hint));
    return std::nullopt;
}

std::optional<std::string> read_address(const YamlValue& value, AddressBus bus) {
    auto text = quoted_text(value, "addresses", kAddressExample);
    if (!text || !read_glob(value))
        return std::nullopt;
    if (bus == AddressBus::kAnyBus)
        return text;
    const std::string folded = lower(*text);
    const bool glob = folded.find_first_of("*?[") != std::string::npos;
    if (glob ? only(folded, "0123456789abcdef:.*?[]-!^")
             : sysfs::parse_pci_address(folded).has_value())
        return folded;
    std::string hint;
    if (const auto loose = sysfs::parse_pci_address_loosely(folded))
        hint = fmt::format("write \"{}\"", loose->text());
    else if (glob)
        hint = "for a device of another bus, give its 'bus' too";
    value.error(fmt::format("{} is no PCI address such as 0000:01:00.0, and no glob over them",
                            base::quote(*text)),
                std::move(hint));
    return std::nullopt;
}

std::optional<std::string> read_name_glob(const YamlValue& value) {
    const YamlNode& node = *value.node;
    if (node.is_plain() && sysfs::parse_pci_address_loosely(node.text) &&
        !is_quoted(value, "addresses", kAddressExample))
        return std::nullopt;
    return read_glob(value);
}

std::optional<IndexRange> read_range(const YamlValue& value) {
    constexpr std::uint64_t kMostVfs = 65535;
    if (value.node->kind != YamlKind::kScalar) {
        value.error(fmt::format("'{}' must be an index or a range such as \"0-3\"", value.key));
        return std::nullopt;
    }
    const std::string_view text = value.node->text;
    const std::size_t dash = text.find('-');
    const auto first = base::parse_decimal(text.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : base::parse_decimal(text.substr(dash + 1));
    const auto padded = [](std::string_view part) { return part.size() > 1 && part[0] == '0'; };
    if (!first || !last || padded(text.substr(0, dash)) ||
        (dash != std::string_view::npos && padded(text.substr(dash + 1)))) {
        value.error(fmt::format("'{}' must be an index or a range such as \"0-3\", not {}",
                                value.key, base::quote(text)));
        return std::nullopt;
    }
    if (*first > kMostVfs || *last > kMostVfs) {
        value.error(fmt::format("'{}' is {}; an index is at most {}", value.key, base::quote(text),
                                kMostVfs));
        return std::nullopt;
    }
    if (*first > *last) {
        value.error(fmt::format("the range {} is reversed", base::quote(text)),
                    fmt::format("write \"{}-{}\"", *last, *first));
        return std::nullopt;
    }
    return IndexRange{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
}

std::optional<std::string> read_kernel(const YamlValue& value) {
    auto text = quoted_text(value, "versions", "6.10 as the number 6.1");
    if (!text)
        return std::nullopt;
    if (!kernel_matches(*text, "6.12")) {
        value.error(fmt::format("{} compares with no kernel version", base::quote(*text)),
                    "write \">=6.8\", \"<6.12\" or \"6.12\"; both ends of a range go into 'all'");
        return std::nullopt;
    }
    return text;
}

std::optional<std::string> read_uuid(const YamlValue& value) {
    const auto text = read_text(value);
    if (!text)
        return std::nullopt;
    auto uuid = sysfs::parse_uuid(*text);
    if (!uuid) {
        value.error(fmt::format("{} is no UUID such as 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
                                base::quote(*text)));
        return std::nullopt;
    }
    return std::move(*uuid);
}

std::optional<std::uint32_t> read_mode(const YamlValue& value) {
    constexpr std::uint32_t kPermissionBits = 0777;
    const auto text = quoted_text(value, "modes", "0660 as the number 432");
    if (!text)
        return std::nullopt;
    std::uint32_t mode = 0;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, mode, 8);
    if (error != std::errc() || stop != end || text->size() < 3 || text->size() > 4 ||
        mode > kPermissionBits) {
        value.error(fmt::format("'{}' must be an octal mode such as \"0660\", not {}", value.key,
                                base::quote(*text)));
        return std::nullopt;
    }
    if ((mode & 0002) != 0)
        value.warning("every user of this host may use the device with this mode");
    return mode;
}

}  // namespace policy

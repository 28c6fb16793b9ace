// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/yaml_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/edit_distance.hpp"
#include "base/utf8.hpp"
#include "policy/model/reason_code.hpp"
#include "sysfs/device/names.hpp"

namespace policy {
namespace {

constexpr std::string_view kAlphanumeric =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::size_t kLongestName = 64;

/// Letters, digits and `others`, beginning with a letter, a digit or '_', at most 64.
bool is_name(std::string_view text, std::string_view others) {
    const auto allowed = [others](char c) {
        return kAlphanumeric.find(c) != std::string_view::npos ||
               others.find(c) != std::string_view::npos;
    };
    return !text.empty() && text.size() <= kLongestName &&
           std::all_of(text.begin(), text.end(), allowed) &&
           (text[0] == '_' || kAlphanumeric.find(text[0]) != std::string_view::npos) &&
           text.find("..") == std::string_view::npos;
}

std::optional<std::string> read_name(const YamlValue& value, std::string_view others,
                                     std::string_view what) {
    auto text = read_text(value);
    if (!text || is_name(*text, others))
        return text;
    value.error(
        fmt::format("{} could not be {}", base::quote(*text), what),
        fmt::format("up to {} letters, digits and any of {}, beginning with a letter or digit",
                    kLongestName, others));
    return std::nullopt;
}

/// What Debian, Go and others call an architecture, and what uname -m does.
constexpr std::array kOtherArchNames = {
    std::pair{std::string_view("amd64"), std::string_view("x86_64")},
    std::pair{std::string_view("x86-64"), std::string_view("x86_64")},
    std::pair{std::string_view("x64"), std::string_view("x86_64")},
    std::pair{std::string_view("arm64"), std::string_view("aarch64")},
    std::pair{std::string_view("ppc64el"), std::string_view("ppc64le")},
};

}  // namespace

std::optional<std::string> read_bus_name(const YamlValue& value) {
    return read_name(value, "_-", "the name of a bus");
}

std::optional<std::string> read_arch(const YamlValue& value) {
    auto text = read_name(value, "_-", "an architecture");
    if (!text)
        return std::nullopt;
    for (const auto& [other, machine] : kOtherArchNames)
        if (*text == other)
            value.warning(fmt::format("no kernel calls itself {}: 'arch' is what uname -m prints",
                                      base::quote(*text)),
                          fmt::format("did you mean '{}'?", machine));
    return text;
}

std::optional<std::string> read_driver_name(const YamlValue& value) {
    auto text = read_name(value, "_-.:+", "a driver's name");
    if (text && *text == "vfio_pci")
        value.warning("'vfio_pci' is the name of the module; its driver is called 'vfio-pci'");
    return text;
}

std::optional<std::string> read_rule_name(const YamlValue& value) {
    return read_name(value, "_-.:+@", "the name of a rule or variant");
}

std::optional<std::string> read_mdev_type(const YamlValue& value) {
    return read_name(value, "_-.:+", "the name of an mdev type");
}

std::optional<std::string> read_attr_name(const YamlValue& value) {
    auto text = read_text(value);
    if (!text || sysfs::parse_attr_name(*text))
        return text;
    value.error(fmt::format("{} could not be the name of a sysfs attribute", base::quote(*text)),
                "a file of the device's own directory, or 'directory/file' below it");
    return std::nullopt;
}

std::optional<std::string> read_property_name(const YamlValue& value) {
    return read_name(value, "_-.:", "the name of a udev property");
}

std::optional<std::string> read_account(const YamlValue& value) {
    const YamlNode& node = *value.node;
    const bool digits = node.kind == YamlKind::kScalar && !node.text.empty() &&
                        node.text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits)
        return read_name(value, "_-.", "a user's or group's name");
    constexpr std::uint64_t kLargestId = 4294967294;  // the one above means "leave it as it is"
    const auto number = base::parse_decimal(node.text);
    const bool padded = node.text.size() > 1 && node.text[0] == '0';
    if (number && *number <= kLargestId && !padded)
        return node.text;
    value.error(fmt::format("{} is no user or group id", base::quote(node.text)),
                fmt::format("decimal digits, without zeros in front, at most {}", kLargestId));
    return std::nullopt;
}

std::optional<std::string> read_forceable(const YamlValue& value) {
    auto text = read_text(value);
    if (!text)
        return std::nullopt;
    const auto code = parse_reason_code(*text);
    if (code && is_forceable(*code))
        return text;
    if (code) {
        value.error(fmt::format("{} cannot be allowed: it goes only when its cause does",
                                base::quote(*text)));
        return std::nullopt;
    }
    const std::string near = base::did_you_mean(*text, forceable_names());
    value.error(fmt::format("{} is no reason that can be allowed", base::quote(*text)),
                near.empty() ? forceable_list() : near);
    return std::nullopt;
}

}  // namespace policy

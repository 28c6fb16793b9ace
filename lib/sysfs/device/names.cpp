// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/names.hpp"

#include <algorithm>
#include <charconv>

#include "base/version_sort.hpp"

namespace sysfs {

namespace {

constexpr std::size_t kLongestName = 255;       // NAME_MAX: a sysfs name is a file's
constexpr std::size_t kLongestModuleName = 55;  // MODULE_NAME_LEN is 64 minus a long, NUL included

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}
bool is_hex(char c) {
    return is_lower_hex(c) || (c >= 'A' && c <= 'F');
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}
bool is_graphic(char c) {
    return c > ' ' && c < 0x7f && c != '/';
}

char lower(char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <typename Allowed>
base::Result<std::string> parse_name(std::string_view text, std::size_t longest,
                                     std::string_view what, Allowed allowed) {
    // ".." is refused anywhere, not only as a whole component: no real name has it.
    if (text.empty() || text.size() > longest || text.front() == '.' ||
        text.find("..") != std::string_view::npos ||
        !std::all_of(text.begin(), text.end(), allowed))
        return base::malformed(what, text);
    return std::string(text);
}

std::optional<std::uint32_t> whole_number(std::string_view text, int base) {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (text.empty() || error != std::errc() || stop != end)
        return std::nullopt;
    return value;
}

/// bb:ss.f
bool scan_bus_slot_function(std::string_view text, PciAddress& out) {
    if (text.size() != 7 || text[2] != ':' || text[5] != '.')
        return false;
    for (const std::size_t at : {0U, 1U, 3U, 4U, 6U})
        if (!is_hex(text[at]))
            return false;
    const auto bus = whole_number(text.substr(0, 2), 16);
    const auto slot = whole_number(text.substr(3, 2), 16);
    const auto function = whole_number(text.substr(6), 16);
    if (!bus || !slot || !function || *slot > 0x1f || *function > 7)
        return false;
    out.bus = static_cast<std::uint8_t>(*bus);
    out.slot = static_cast<std::uint8_t>(*slot);
    out.function = static_cast<std::uint8_t>(*function);
    return true;
}

}  // namespace

std::optional<PciAddress> scan_pci_address(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon < 4 || colon > 8)
        return std::nullopt;
    const std::string_view domain = text.substr(0, colon);
    PciAddress out;
    if (!std::all_of(domain.begin(), domain.end(), is_hex) ||
        !scan_bus_slot_function(text.substr(colon + 1), out))
        return std::nullopt;
    out.domain = *whole_number(domain, 16);
    return out;
}

std::string PciAddress::text() const {
    return base::to_hex(domain, 4) + ":" + base::to_hex(bus, 2) + ":" + base::to_hex(slot, 2) +
           "." + base::to_hex(function, 1);
}

base::Result<PciAddress> parse_pci_address(std::string_view text) {
    const auto address = scan_pci_address(text);
    // One spelling only: no upper case, no domain padded beyond what the kernel prints.
    if (!address || address->text() != text)
        return base::malformed("a PCI address as sysfs spells it (0000:01:00.0)", text);
    return *address;
}

base::Result<PciAddress> parse_pci_address_loosely(std::string_view text) {
    if (const auto address = scan_pci_address(text))
        return *address;
    PciAddress out;
    if (!scan_bus_slot_function(text, out))
        return base::malformed("a PCI address (0000:01:00.0 or 01:00.0)", text);
    return out;
}

base::Result<std::string> parse_uuid(std::string_view text) {
    constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.size() != kShape.size())
        return base::malformed("a UUID", text);
    std::string out;
    for (std::size_t at = 0; at < kShape.size(); ++at) {
        if (kShape[at] == '-' ? text[at] != '-' : !is_hex(text[at]))
            return base::malformed("a UUID", text);
        out += lower(text[at]);
    }
    return out;
}

base::Result<std::string> parse_driver_name(std::string_view text) {
    return parse_name(text, kLongestName, "a driver's name", is_graphic);
}

base::Result<std::string> parse_kernel_name(std::string_view text) {
    if (!text.empty() && (text.front() == ' ' || text.back() == ' '))
        return base::malformed("a name of the kernel's", text);
    return parse_name(text, kLongestName, "a name of the kernel's",
                      [](char c) { return is_graphic(c) || c == ' '; });
}

base::Result<std::string> parse_module_name(std::string_view text) {
    return parse_name(text, kLongestModuleName, "a module's name", is_word);
}

base::Result<std::string> parse_bus_name(std::string_view text) {
    return parse_name(text, kLongestName, "a bus' name", is_word);
}

base::Result<std::string> parse_device_name(std::string_view text) {
    // Blanks inside are real: platform has "Fixed MDIO bus.0".
    auto name = parse_kernel_name(text);
    return name ? name : base::Result<std::string>(base::malformed("a device's name", text));
}

base::Result<std::string> parse_attr_name(std::string_view text) {
    const auto taken = [](std::string_view part) {
        return parse_name(part, kLongestName, "an attribute's name", is_graphic).has_value();
    };
    const std::size_t slash = text.find('/');
    const bool good = slash == std::string_view::npos
                          ? taken(text)
                          : taken(text.substr(0, slash)) && taken(text.substr(slash + 1));
    if (!good)
        return base::malformed("an attribute's name", text);
    return std::string(text);
}

base::Result<std::string> parse_mdev_type(std::string_view text) {
    return parse_name(text, kLongestName, "an mdev type", is_graphic);
}

std::string normalise_module(std::string_view name) {
    std::string out(name);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

// PCI addresses come before all other names. If they were compared with other names by their
// digits, which are hex, the order would not be transitive.
bool device_name_less(std::string_view a, std::string_view b) {
    const auto x = scan_pci_address(a);
    const auto y = scan_pci_address(b);
    if (x && y && *x != *y)
        return *x < *y;
    if (x.has_value() != y.has_value())
        return x.has_value();
    const int order = base::version_compare(a, b);
    return order != 0 ? order < 0 : a < b;  // "1" and "01" differ, if only in the end
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/device_attributes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <sstream>

#include "base/edit_distance.hpp"
#include "base/number.hpp"

namespace policy {
namespace {

using base::Code;
using base::fail;

constexpr int kBars = 6;
constexpr unsigned kLargestBar = 43;  ///< 2^43 MiB, the largest that the capability can say
constexpr std::string_view kBooleans = "0 or 1";

/// The kernel's names (pci_reset_fn_methods in drivers/pci/pci.c).
constexpr std::array<std::string_view, 7> kResetMethods = {
    "device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus"};
/// Parameters of the module that users look for on a device.
constexpr std::array<std::string_view, 6> kModuleParameters = {
    "disable_idle_d3", "nointxmask", "disable_vga", "enable_sriov", "disable_denylist", "ids"};

std::optional<std::string> parse_boolean(const std::string& value) {
    return value == "0" || value == "1" ? std::optional(value) : std::nullopt;
}

std::optional<std::string> parse_power_control(const std::string& value) {
    return value == "auto" || value == "on" ? std::optional(value) : std::nullopt;
}

std::optional<std::string> parse_numa_node(const std::string& value) {
    const auto number = base::parse_decimal(value);
    return value == "-1" || (number && *number < 1024 && std::to_string(*number) == value)
               ? std::optional(value)
               : std::nullopt;
}

/// Words in the order in which they are tried, each once.
std::optional<std::string> parse_reset_method(const std::string& value) {
    std::istringstream words(value);
    std::vector<std::string> methods;
    std::string out;
    for (std::string word; words >> word;) {
        if (std::find(kResetMethods.begin(), kResetMethods.end(), word) == kResetMethods.end() ||
            std::find(methods.begin(), methods.end(), word) != methods.end())
            return std::nullopt;
        methods.push_back(word);
        out += (out.empty() ? "" : " ") + word;
    }
    return out.empty() ? std::nullopt : std::optional(out);
}

/// "16G", "256M", or the power of two of MiB that the kernel takes.
std::optional<std::string> parse_bar_size(const std::string& value) {
    std::uint64_t number = 0;
    const char* end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, number);
    const std::string_view unit(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
    if (parsed.ec != std::errc() || parsed.ptr == value.data())
        return std::nullopt;
    unsigned power = 0;
    if (unit.empty()) {
        power = static_cast<unsigned>(std::min<std::uint64_t>(number, kLargestBar + 1));
    } else {
        constexpr std::string_view kUnits = "MGT";
        const std::size_t at = unit.size() == 1 ? kUnits.find(unit.front()) : kUnits.npos;
        if (at == kUnits.npos || !std::has_single_bit(number) || number > 512)
            return std::nullopt;
        power = static_cast<unsigned>(std::countr_zero(number)) + 10 * static_cast<unsigned>(at);
    }
    return power <= kLargestBar ? std::optional(std::to_string(power)) : std::nullopt;
}

std::string size_text(unsigned power) {
    constexpr std::string_view kUnits = "MGT";
    const unsigned unit = std::min(power / 10, 2U);
    return std::to_string(1ULL << (power - 10 * unit)) + kUnits[unit];
}

struct SettableAttribute {
    std::string_view name;
    std::optional<std::string> (*parse)(const std::string& value);
    std::string_view values;
};

constexpr std::string_view kResize = "resourceN_resize";
/// Values as drivers/pci/pci-sysfs.c, drivers/pci/pci.c and drivers/base/power/sysfs.c take them.
constexpr auto kAttributes = std::to_array<SettableAttribute>({
    {"d3cold_allowed", parse_boolean, kBooleans},
    {"msi_bus", parse_boolean, kBooleans},
    {"numa_node", parse_numa_node, "the number of a node, or -1"},
    {kPowerControl, parse_power_control, "auto or on"},
    {"reset_method", parse_reset_method,
     "device_specific, acpi, flr, af_flr, pm, bus, cxl_bus: those to be tried, in their order, "
     "with blanks between them"},
    {kResize, parse_bar_size, "a power of two with M, G or T, as in 16G"},
    {"sriov_drivers_autoprobe", parse_boolean, kBooleans},
});

/// The number of the BAR in "resource1_resize".
std::optional<std::size_t> resized_bar(std::string_view name) {
    constexpr std::string_view kHead = "resource";
    constexpr std::string_view kTail = "_resize";
    if (name.size() != kHead.size() + 1 + kTail.size() || !name.starts_with(kHead) ||
        !name.ends_with(kTail))
        return std::nullopt;
    const char bar = name[kHead.size()];
    return bar >= '0' && bar < '0' + kBars ? std::optional<std::size_t>(bar - '0') : std::nullopt;
}

const SettableAttribute* find_attribute(std::string_view name) {
    const std::string_view key = resized_bar(name) ? kResize : name == kResize ? "" : name;
    for (const SettableAttribute& attribute : kAttributes)
        if (attribute.name == key)
            return &attribute;
    return nullptr;
}

/// "0x00000000f0000000 0x00000000ffffffff 0x000000000014220c", a line for each BAR.
std::optional<std::string> bar_power(const std::string& resource, std::size_t bar) {
    std::istringstream lines(resource);
    std::string line;
    for (std::size_t at = 0; at <= bar; ++at)
        if (!std::getline(lines, line))
            return std::nullopt;
    std::istringstream words(line);
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (!(words >> std::hex >> first >> last) || last <= first)
        return std::nullopt;
    const std::uint64_t mib = (last - first + 1) >> 20U;
    return std::has_single_bit(mib) ? std::optional(std::to_string(std::countr_zero(mib)))
                                    : std::nullopt;
}

}  // namespace

base::Result<DeviceAttribute> parse_device_attribute(const std::string& name,
                                                     const std::string& value) {
    const SettableAttribute* attribute = find_attribute(name);
    if (attribute == nullptr) {
        const bool of_module = std::find(kModuleParameters.begin(), kModuleParameters.end(),
                                         name) != kModuleParameters.end();
        std::vector<std::string_view> names;
        std::string all;
        for (const SettableAttribute& each : kAttributes) {
            const bool resizes = each.name == kResize;
            names.push_back(resizes ? "resource0_resize" : each.name);
            all += (all.empty() ? "one of: " : ", ") +
                   std::string(resizes ? "resource0_resize to resource5_resize" : each.name);
        }
        const std::string near = base::did_you_mean(name, names);
        return fail(Code::kNotFound, "set an attribute", name,
                    "is not an attribute that can be set",
                    of_module ? "a parameter of the module vfio_pci, for all its devices: `options "
                                "vfio_pci " +
                                    name + "=...` in /etc/modprobe.d"
                    : near.empty() ? all
                                   : near);
    }
    if (const auto parsed = attribute->parse(value))
        return DeviceAttribute{name, *parsed};
    return fail(Code::kInvalid, "set an attribute", name, "cannot be " + value,
                std::string(attribute->values));
}

bool is_device_attribute(std::string_view name) {
    return find_attribute(name) != nullptr;
}

DeviceAttribute split_assignment(const std::string& text) {
    const std::size_t equals = std::min(text.find('='), text.size());
    return {text.substr(0, equals), text.substr(std::min(equals + 1, text.size()))};
}

std::set<std::string> attributes_to_read(const std::string& name) {
    if (resized_bar(name))
        return {name, "resource"};
    return {name};
}

std::optional<std::string> attribute_value(const AttributeTexts& texts, const std::string& name) {
    const auto text = texts.find(name);
    if (text == texts.end())
        return std::nullopt;
    const auto bar = resized_bar(name);
    if (!bar)
        return text->second;
    const auto resource = texts.find("resource");
    return resource == texts.end() ? std::nullopt : bar_power(resource->second, *bar);
}

std::optional<std::string> attribute_refusal(const AttributeTexts& texts,
                                             const DeviceAttribute& wanted) {
    const auto& [name, value] = wanted;
    const auto text = texts.find(name);
    if (text == texts.end())
        return "has no attribute " + name;
    if (!resized_bar(name))
        return std::nullopt;
    std::uint64_t sizes = 0;
    std::istringstream(text->second) >> std::hex >> sizes;
    const auto power = static_cast<unsigned>(base::parse_decimal(value).value_or(kLargestBar + 1));
    if (power <= kLargestBar && (sizes >> power & 1U) != 0)
        return std::nullopt;
    std::string possible;
    for (unsigned each = 0; each <= kLargestBar; ++each)
        if ((sizes >> each & 1U) != 0)
            possible += (possible.empty() ? "" : ", ") + size_text(each);
    return name + " cannot be " + size_text(power) + ", but " + possible;
}

AttributePhase attribute_phase(std::string_view name) {
    return name == kPowerControl ? AttributePhase::kAfterBind : AttributePhase::kBeforeBind;
}

bool needs_unbound_device(std::string_view name) {
    return resized_bar(name).has_value();
}

bool needs_unbound_device(const std::vector<DeviceAttribute>& attributes) {
    return std::any_of(attributes.begin(), attributes.end(), [](const DeviceAttribute& each) {
        return needs_unbound_device(std::string_view(each.first));
    });
}

}  // namespace policy

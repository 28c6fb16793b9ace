// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/pci_id_list.hpp"

#include <array>
#include <charconv>

#include "sysfs/device/names.hpp"
#include "vfioctl/exchange/import_result.hpp"

namespace vfioctl {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr const char* kOperation = "read the id";

/// "%x": with or without 0x.
std::optional<std::uint32_t> hex_number(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X"))
        text.remove_prefix(2);
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
    if (text.empty() || error != std::errc() || stop != end)
        return std::nullopt;
    return value;
}

bool both_possible(std::uint32_t a, std::uint32_t b) {
    return a == b || a == PciIdEntry::kAny || b == PciIdEntry::kAny;
}

/// "0302xx"; nothing for a mask that covers part of a digit.
std::optional<std::string> class_pattern(std::uint32_t code, std::uint32_t mask) {
    std::string out = base::to_hex(code, 6);
    for (std::size_t digit = 0; digit < 6; ++digit) {
        const std::uint32_t part = mask >> (4 * (5 - digit)) & 0xfU;
        if (part != 0 && part != 0xf)
            return std::nullopt;
        if (part == 0)
            out[digit] = 'x';
    }
    return out;
}

}  // namespace

bool PciIdEntry::overlaps(const PciIdEntry& other) const {
    return both_possible(vendor, other.vendor) && both_possible(device, other.device) &&
           both_possible(subsystem_vendor, other.subsystem_vendor) &&
           both_possible(subsystem_device, other.subsystem_device) &&
           ((class_code ^ other.class_code) & class_mask & other.class_mask) == 0;
}

Result<PciIdEntry> parse_pci_id_entry(std::string_view text) {
    PciIdEntry out;
    out.text = text;
    const std::array fields = {&out.vendor,           &out.device,     &out.subsystem_vendor,
                               &out.subsystem_device, &out.class_code, &out.class_mask};
    std::size_t count = 0;
    for (std::string_view rest = text; count < fields.size(); ++count) {
        const std::size_t colon = rest.find(':');
        const auto value = hex_number(rest.substr(0, colon));
        if (!value)
            return fail(Code::kInvalid, kOperation, out.text, "not hex digits with ':' between");
        *fields[count] = *value;
        if (colon == std::string_view::npos) {
            ++count;
            break;
        }
        rest.remove_prefix(colon + 1);
    }
    if (count < 2)
        return fail(Code::kInvalid, kOperation, out.text, "the kernel wants vendor:device");
    return out;
}

Result<policy::Match> to_match(const PciIdEntry& entry) {
    using policy::Field;
    policy::Match match;
    const std::array ids = {std::pair{Field::kVendor, entry.vendor},
                            std::pair{Field::kDevice, entry.device},
                            std::pair{Field::kSubsystemVendor, entry.subsystem_vendor},
                            std::pair{Field::kSubsystemDevice, entry.subsystem_device}};
    for (const auto& [field, value] : ids) {
        if (value == PciIdEntry::kAny)
            continue;
        if (value > 0xffff)
            return fail(Code::kUnsupported, kOperation, entry.text, "no device has such an id");
        match.fields.push_back(imported_field(field, base::to_hex(value, 4)));
    }
    if ((entry.class_mask & 0xffffffU) != 0) {
        const auto words = class_pattern(entry.class_code & 0xffffffU, entry.class_mask);
        if (!words)
            return fail(Code::kUnsupported, kOperation, entry.text,
                        "a class mask of whole hex digits only can be said in a policy");
        match.fields.push_back(imported_field(Field::kClass, *words));
    }
    if (match.fields.empty())
        return fail(Code::kUnsupported, kOperation, entry.text, "it means every device");
    return match;
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/pci_id_list.hpp"

#include <algorithm>
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

constexpr std::string_view kBlanks = " \t\n\v\f\r";

std::string_view trim(std::string_view text) {
    const std::size_t first = std::min(text.find_first_not_of(kBlanks), text.size());
    return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

int hex_digit(char c) {
    int value = -1;
    (void)std::from_chars(&c, &c + 1, value, 16);
    return value;
}

/// One "%x" of the kernel's vsscanf(): blanks before it, with or without 0x, as many digits as
/// there are, and of the number the lowest 32 bits. Moves `text` behind it.
std::optional<std::uint32_t> take_hex(std::string_view& text) {
    std::string_view rest = text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (rest.empty() || hex_digit(rest.front()) < 0)
        return std::nullopt;
    if (rest.starts_with("0x") || rest.starts_with("0X"))
        rest.remove_prefix(2);
    std::uint32_t value = 0;
    for (; !rest.empty() && hex_digit(rest.front()) >= 0; rest.remove_prefix(1))
        value = value << 4U | static_cast<std::uint32_t>(hex_digit(rest.front()));
    text = rest;
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
    text = trim(text);
    out.text = text;
    const std::array fields = {&out.vendor,           &out.device,     &out.subsystem_vendor,
                               &out.subsystem_device, &out.class_code, &out.class_mask};
    std::size_t count = 0;
    std::string_view rest = text;
    for (std::string_view next = rest; count < fields.size(); ++count) {
        const auto value = take_hex(next);
        if (!value)
            break;
        *fields[count] = *value;
        rest = next;
        if (!next.starts_with(':')) {
            ++count;
            break;
        }
        next.remove_prefix(1);
    }
    if (count < 2)
        return fail(Code::kInvalid, kOperation, out.text, "is not vendor:device in hex digits");
    out.ignored = rest;
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
    if ((entry.class_code & entry.class_mask & ~0xffffffU) != 0)
        return fail(Code::kUnsupported, kOperation, entry.text, "no device has such a class");
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

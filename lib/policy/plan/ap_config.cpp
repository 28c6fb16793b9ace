// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/ap_config.hpp"

#include <array>
#include <bitset>

#include "policy/model/class_and_kernel_match.hpp"
#include "sysfs/device/names.hpp"

/// AP counts bits as s390 does: adapter 0 is the leftmost of 256
/// (Documentation/arch/s390/vfio-ap.rst).
namespace policy {
namespace {

constexpr std::size_t kBits = 256;
constexpr std::size_t kDigits = kBits / 4;

using Mask = std::bitset<kBits>;  ///< bit i: adapter or domain i

std::string to_hex(const Mask& mask) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "0x";
    for (std::size_t digit = 0; digit < kDigits; ++digit) {
        std::size_t value = 0;
        for (std::size_t bit = 0; bit < 4; ++bit)
            value = value * 2 + (mask.test(digit * 4 + bit) ? 1 : 0);
        out += kHex[value];
    }
    return out;
}

}  // namespace

std::optional<std::string> ap_config(
    const std::vector<std::pair<std::string, std::string>>& attrs) {
    constexpr std::array<std::string_view, 3> kAssign = {"assign_adapter", "assign_domain",
                                                         "assign_control_domain"};
    std::array<Mask, kAssign.size()> masks;
    for (const auto& [name, value] : attrs) {
        const auto number = base::parse_kernel_number(value);
        std::size_t which = 0;
        while (which < kAssign.size() && kAssign[which] != name)
            ++which;
        if (which == kAssign.size() || !number || *number >= kBits)
            return std::nullopt;
        masks[which].set(*number);
    }
    if (attrs.empty())
        return std::nullopt;
    return to_hex(masks[0]) + "," + to_hex(masks[1]) + "," + to_hex(masks[2]);
}

bool has_ap_config(const std::string& release) {
    return kernel_matches(">=6.10", release).value_or(false);
}

}  // namespace policy

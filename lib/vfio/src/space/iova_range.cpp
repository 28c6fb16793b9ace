// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/iova_range.hpp"

#include <cstdio>

namespace vfio {

std::string hex_text(std::uint64_t value) {
    char digits[19];
    const int length =
        std::snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(value));
    return {digits, static_cast<std::size_t>(length)};
}

std::string text(const IovaRange& range) {
    return hex_text(range.first) + "-" + hex_text(range.last);
}

std::vector<IovaRange> window_ranges(std::span<const Window> windows) {
    std::vector<IovaRange> out;
    for (const Window& window : windows)
        out.push_back(window.range);
    return out;
}

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "vfio/export.hpp"

namespace vfio {

/// I/O virtual addresses from first to last, both included: the whole 64-bit space has no end
/// pointer.
struct IovaRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    [[nodiscard]] bool contains(const IovaRange& other) const {
        return first <= other.first && other.last <= last;
    }
    [[nodiscard]] bool overlaps(const IovaRange& other) const {
        return first <= other.last && other.first <= last;
    }
    /// Bytes; the whole space counts as UINT64_MAX.
    [[nodiscard]] std::uint64_t length() const {
        const std::uint64_t span = last - first;
        return span + (span != std::numeric_limits<std::uint64_t>::max() ? 1 : 0);
    }
    auto operator<=>(const IovaRange&) const = default;
};

inline constexpr std::uint64_t kLastAddress = std::numeric_limits<std::uint64_t>::max();

/// Whether `length` bytes from `start` are a range: at least one byte, and none beyond 64 bits.
[[nodiscard]] constexpr bool is_range(std::uint64_t start, std::uint64_t length) {
    return length != 0 && length - 1 <= kLastAddress - start;
}
/// The `length` bytes from `start`; needs is_range().
[[nodiscard]] constexpr IovaRange make_range(std::uint64_t start, std::uint64_t length) {
    return {start, start + (length - 1)};
}

/// "0x1000-0x1fff", both inclusive.
[[nodiscard]] VFIO_EXPORT std::string text(const IovaRange& range);
/// "0x1000"
[[nodiscard]] VFIO_EXPORT std::string hex_text(std::uint64_t value);

/// Addresses that one page table of the hardware serves, and the smallest page it has.
struct Window {
    IovaRange range;
    std::uint64_t page_size = 0;

    auto operator<=>(const Window&) const = default;
};

[[nodiscard]] VFIO_EXPORT std::vector<IovaRange> window_ranges(std::span<const Window> windows);

/// What a device may do with mapped memory.
enum class DmaAccess : std::uint8_t { kRead, kWrite, kReadWrite };

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

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

/// Addresses that one page table of the hardware serves, and the smallest page it has.
struct Window {
    IovaRange range;
    std::uint64_t page_size = 0;

    auto operator<=>(const Window&) const = default;
};

/// What a device may do with mapped memory.
enum class DmaAccess : std::uint8_t { kRead, kWrite, kReadWrite };

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "vfio/export.hpp"

namespace vfio {

/// One capability of an info structure, known or not: its bytes start with the header and end where
/// the next one in memory starts.
struct Capability {
    std::uint16_t id = 0;
    std::uint16_t version = 0;
    std::vector<std::byte> bytes;

    /// The capability as its structure, if it is long enough to be one.
    template <typename T>
    [[nodiscard]] std::optional<T> as() const {
        return at<T>(0);
    }
    /// What stands at `offset` (array elements behind a fixed part), if it is all there.
    template <typename T>
    [[nodiscard]] std::optional<T> at(std::size_t offset) const {
        static_assert(std::is_trivially_copyable_v<T>);
        if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
            return std::nullopt;
        T out;
        std::memcpy(&out, bytes.data() + offset, sizeof(T));
        return out;
    }
    auto operator<=>(const Capability&) const = default;
};

/// A capability chain, read with distrust: an offset that points outside the buffer, into the fixed
/// part or back to one already seen ends it. What was read until then is kept, and `defect` says
/// what was wrong; it is empty for a sound chain.
struct VFIO_EXPORT CapChain {
    std::vector<Capability> caps;  ///< in chain order
    std::string defect;

    [[nodiscard]] const Capability* find(std::uint16_t id) const;
    bool operator==(const CapChain&) const = default;
};

/// Reads the chain in `info` (the whole buffer as the kernel filled it, at most argsz bytes) that
/// starts at `cap_offset`; 0 is an empty chain. `fixed` is the size of the structure at the start.
[[nodiscard]] VFIO_EXPORT CapChain read_cap_chain(std::span<const std::byte> info,
                                                  std::size_t fixed, std::uint32_t cap_offset);

}  // namespace vfio

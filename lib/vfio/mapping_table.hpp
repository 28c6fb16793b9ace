// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vfio/export.hpp"
#include "vfio/interval_index.hpp"

namespace vfio {

/// Where a mapping's pages come from.
enum class Origin : std::uint8_t {
    kMemory,  ///< this process' address
    kFile,    ///< a memfd, pinned from the page cache (IOAS_MAP_FILE): survives exec
    kBar,     ///< a device's dma-buf: torn down by the kernel when that device is reset
};

/// One mapping as the kernel has it: the unit that can be unmapped.
struct Mapped {
    IovaRange iova;
    std::uint64_t address = 0;  ///< in this process; 0 for a file that is not mapped here
    Access access = Access::kReadWrite;
    Origin origin = Origin::kMemory;

    [[nodiscard]] bool revocable() const { return origin == Origin::kBar; }
    auto operator<=>(const Mapped&) const = default;
};

/// All mappings of an address space, found by IOVA and by address. Not thread-safe.
class VFIO_EXPORT MappingTable {
  public:
    void insert(const Mapped& mapped);
    /// The mapping that starts and ends there must exist.
    void erase(const Mapped& mapped);
    void clear();

    [[nodiscard]] std::size_t size() const { return by_iova_.size(); }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// The mapping that covers the whole range, not only its start.
    [[nodiscard]] std::optional<Mapped> at_iova(const IovaRange& range) const;
    [[nodiscard]] std::optional<Mapped> at_address(std::uint64_t address,
                                                   std::uint64_t length) const;
    /// The IOVA of `length` bytes at `address`, when they are mapped without a gap: in one mapping, or
    /// in several that follow each other in both spaces.
    [[nodiscard]] std::optional<std::uint64_t> translate(std::uint64_t address,
                                                         std::uint64_t length) const;
    /// The other way round.
    [[nodiscard]] std::optional<std::uint64_t> translate_iova(const IovaRange& range) const;
    [[nodiscard]] std::optional<Mapped> first_overlap(const IovaRange& range) const;
    [[nodiscard]] std::vector<Mapped> overlapping(const IovaRange& range) const;
    [[nodiscard]] std::vector<Mapped> all() const;  ///< in IOVA order

  private:
    struct Side {
        std::uint64_t address = 0;
        Access access = Access::kReadWrite;
        Origin origin = Origin::kMemory;
        auto operator<=>(const Side&) const = default;
    };
    static Mapped join(const IntervalIndex<Side>::Entry& entry);
    [[nodiscard]] bool runs_on(Mapped from, std::uint64_t last) const;

    IntervalIndex<Side> by_iova_;
    IntervalIndex<std::uint64_t> by_address_;  ///< value: the IOVA of the first byte
    std::uint64_t bytes_ = 0;
};

}  // namespace vfio

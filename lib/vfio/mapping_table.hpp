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

/// All mappings of an address space, found by IOVA and, once asked to be, by address: who never
/// looks for an address does not pay for its order. Not thread-safe.
class VFIO_EXPORT MappingTable {
    struct Side;

  public:
    /// Does the IOVA allocator know that these addresses are taken? Not of those that callers
    /// chose, until it comes upon them: who never has one chosen pays for no allocator.
    enum class Taken : std::uint8_t { kUnknown, kKnown };
    /// Where a mapping goes, or is; holds until the next change.
    using Place = IntervalIndex<Side>::Cursor;

    void insert(const Mapped& mapped, Taken taken = Taken::kUnknown) {
        insert_at(by_iova_.seek(mapped.iova.first), mapped, taken);
    }
    /// Where a mapping of the range goes; none: another one is in the way.
    [[nodiscard]] std::optional<Place> room_for(const IovaRange& range) {
        return by_iova_.room(range);
    }
    void insert_at(Place place, const Mapped& mapped, Taken taken);
    /// The mapping of exactly this range.
    [[nodiscard]] std::optional<Place> exactly(const IovaRange& range) {
        return by_iova_.exactly(range);
    }
    /// Whether the allocator knew of it.
    Taken erase_at(Place place, const IovaRange& range);
    /// Nothing where no mapping starts and ends there.
    void erase(const IovaRange& range) {
        if (const auto place = exactly(range))
            erase_at(*place, range);
    }
    /// Before the first look for an address; O(n log n), and nothing the next time.
    void index_addresses();
    [[nodiscard]] bool indexed() const { return indexed_; }
    void clear();
    /// The allocator knows now.
    void mark_known(const IovaRange& range);
    [[nodiscard]] std::size_t unknown() const { return unknown_; }
    /// The ranges of the mappings whose place the allocator knows, or does not.
    [[nodiscard]] std::vector<IovaRange> ranges(Taken taken) const;

    [[nodiscard]] std::size_t size() const { return by_iova_.size(); }
    [[nodiscard]] std::uint64_t bytes() const;  ///< counted when asked for
    /// The mapping that covers the whole range, not only its start.
    [[nodiscard]] std::optional<Mapped> at_iova(const IovaRange& range) const;
    /// Of addresses only after index_addresses().
    [[nodiscard]] std::optional<Mapped> at_address(std::uint64_t address,
                                                   std::uint64_t length) const;
    /// The IOVA of `length` bytes at `address`, when they are mapped without a gap: in one mapping,
    /// or in several that follow each other in both spaces.
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
        Taken taken = Taken::kUnknown;
        auto operator<=>(const Side&) const = default;
    };
    static Mapped join(const IntervalIndex<Side>::Entry& entry);
    [[nodiscard]] bool runs_on(Mapped from, std::uint64_t last) const;

    IntervalIndex<Side> by_iova_;
    IntervalIndex<std::uint64_t> by_address_;  ///< value: the IOVA of the first byte
    std::size_t unknown_ = 0;
    bool indexed_ = false;
};

// The way of every map and unmap, in the caller's own code.

inline void MappingTable::insert_at(Place place, const Mapped& mapped, Taken taken) {
    by_iova_.insert_at(place, mapped.iova, {mapped.address, mapped.access, mapped.origin, taken});
    unknown_ += taken == Taken::kUnknown ? 1 : 0;
    if (indexed_ && mapped.address != 0)
        by_address_.insert(
            {mapped.address, mapped.address + (mapped.iova.last - mapped.iova.first)},
            mapped.iova.first);
}

inline MappingTable::Taken MappingTable::erase_at(Place place, const IovaRange& range) {
    const Side side = by_iova_.value(place);
    by_iova_.remove(place);
    unknown_ -= side.taken == Taken::kUnknown ? 1 : 0;
    if (indexed_ && side.address != 0)
        by_address_.erase({side.address, side.address + (range.last - range.first)}, range.first);
    return side.taken;
}

}  // namespace vfio

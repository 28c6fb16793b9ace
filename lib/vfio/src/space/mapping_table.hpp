// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vfio/mapped_range.hpp"
#include "vfio/src/space/interval_index.hpp"

namespace vfio {

/// Whether the IOVA allocator knows that a mapping's addresses are taken. Addresses that callers
/// chose are untracked until the allocator meets them: a program that chooses all of its addresses
/// pays for no allocator.
enum class IovaTracking : std::uint8_t { kUntracked, kTracked };

/// All mappings of an address space, found by IOVA and, after index_addresses(), by address. A
/// program that never looks up an address does not pay for their order. Not thread-safe.
class MappingTable {
    struct MappingValue;

  public:
    /// The place of a mapping, or for one; valid until the next change.
    using MappingCursor = IntervalIndex<MappingValue>::Cursor;

    void insert(const MappedRange& mapped, IovaTracking tracking = IovaTracking::kUntracked) {
        insert_at(by_iova_.seek(mapped.iova.first), mapped, tracking);
    }
    /// The place for a mapping of the range; none: another mapping overlaps it.
    [[nodiscard]] std::optional<MappingCursor> insertion_point(const IovaRange& range) {
        return by_iova_.insertion_point(range);
    }
    void insert_at(MappingCursor place, const MappedRange& mapped, IovaTracking tracking);
    /// The mapping of exactly this range.
    [[nodiscard]] std::optional<MappingCursor> find_exact(const IovaRange& range) {
        return by_iova_.find_exact(range);
    }
    /// Returns whether the allocator knew of it.
    IovaTracking erase_at(MappingCursor place, const IovaRange& range);
    /// Nothing where no mapping starts and ends there.
    void erase(const IovaRange& range) {
        if (const auto place = find_exact(range))
            erase_at(*place, range);
    }
    /// Needed before the first lookup by address; O(n log n), and nothing the second time.
    void index_addresses();
    [[nodiscard]] bool indexed() const { return indexed_; }
    void clear();
    /// The allocator knows this range now.
    void mark_tracked(const IovaRange& range);
    [[nodiscard]] std::size_t untracked() const { return untracked_; }
    /// The ranges of all mappings that are tracked so.
    [[nodiscard]] std::vector<IovaRange> ranges(IovaTracking tracking) const;

    [[nodiscard]] std::size_t size() const { return by_iova_.size(); }
    [[nodiscard]] std::uint64_t bytes() const;  ///< counted when asked for
    /// The mapping that covers the whole range, not only its start.
    [[nodiscard]] std::optional<MappedRange> at_iova(const IovaRange& range) const;
    /// Needs index_addresses().
    [[nodiscard]] std::optional<MappedRange> at_address(std::uint64_t address,
                                                        std::uint64_t length) const;
    /// The IOVA of `length` bytes at `address`, when they are mapped without a gap: in one mapping,
    /// or in several that follow each other in both spaces.
    [[nodiscard]] std::optional<std::uint64_t> translate(std::uint64_t address,
                                                         std::uint64_t length) const;
    /// The address of a range of IOVAs.
    [[nodiscard]] std::optional<std::uint64_t> translate_iova(const IovaRange& range) const;
    [[nodiscard]] std::optional<MappedRange> first_overlap(const IovaRange& range) const;
    [[nodiscard]] std::vector<MappedRange> overlapping(const IovaRange& range) const;
    [[nodiscard]] std::vector<MappedRange> all() const;  ///< in IOVA order

  private:
    struct MappingValue {
        std::uint64_t address = 0;
        DmaAccess access = DmaAccess::kReadWrite;
        MappingSource source = MappingSource::kMemory;
        IovaTracking tracking = IovaTracking::kUntracked;
        auto operator<=>(const MappingValue&) const = default;
    };
    static MappedRange to_mapped_range(const IntervalIndex<MappingValue>::Interval& entry);
    [[nodiscard]] bool runs_on(MappedRange from, std::uint64_t last) const;

    IntervalIndex<MappingValue> by_iova_;
    IntervalIndex<std::uint64_t> by_address_;  ///< value: the IOVA of the first byte
    std::size_t untracked_ = 0;
    bool indexed_ = false;
};

// The path of every map and unmap, inlined into the caller.

inline void MappingTable::insert_at(MappingCursor place, const MappedRange& mapped,
                                    IovaTracking tracking) {
    by_iova_.insert_at(place, mapped.iova,
                       {mapped.address, mapped.access, mapped.source, tracking});
    untracked_ += tracking == IovaTracking::kUntracked ? 1 : 0;
    if (indexed_ && mapped.address != 0)
        by_address_.insert(
            {mapped.address, mapped.address + (mapped.iova.last - mapped.iova.first)},
            mapped.iova.first);
}

inline IovaTracking MappingTable::erase_at(MappingCursor place, const IovaRange& range) {
    const MappingValue entry = by_iova_.value(place);
    by_iova_.remove(place);
    untracked_ -= entry.tracking == IovaTracking::kUntracked ? 1 : 0;
    if (indexed_ && entry.address != 0)
        by_address_.erase({entry.address, entry.address + (range.last - range.first)}, range.first);
    return entry.tracking;
}

}  // namespace vfio

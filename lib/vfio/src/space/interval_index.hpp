// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "vfio/iova_range.hpp"

namespace vfio {

/// Intervals of 64-bit addresses with a value each, ordered by their first address; they may
/// overlap. Kept in sorted chunks of up to 32 below one flat array of chunk heads: a lookup is a
/// binary search in the heads and one of five steps in a chunk, whose lines are fetched together. A
/// chunk has free slots at both ends, so that removing its first or last entry moves nothing; any
/// other change moves half a chunk at most, and one slot of the heads when a chunk splits or
/// becomes empty. Not thread-safe. Value is a small trivially copyable type.
template <typename Value>
class IntervalIndex {
  public:
    struct Interval {
        IovaRange range;
        Value value;
        auto operator<=>(const Interval&) const = default;
    };
    /// A place in the order; holds until the next change.
    struct Cursor {
        std::size_t chunk = 0;
        std::size_t slot = 0;
    };

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    void clear();
    void insert(const IovaRange& range, const Value& value);
    /// Takes out the entry with exactly this range and value; false when there is none.
    bool erase(const IovaRange& range, const Value& value);

    /// An entry that contains the whole of `range`; of several the one that starts last.
    [[nodiscard]] std::optional<Interval> containing(const IovaRange& range) const;
    /// The first entry, in address order, that overlaps `range`. Only where entries do not overlap
    /// each other.
    [[nodiscard]] std::optional<Interval> first_overlap(const IovaRange& range) const;
    /// Calls visit(Interval) for entries that overlap `range`, in order. Only where entries do not
    /// overlap.
    template <typename Visit>
    void visit_overlaps(const IovaRange& range, Visit&& visit) const;
    template <typename Visit>
    void visit_all(Visit&& visit) const;

    /// The place for an entry that starts at `first`: behind all that start there or before. Fast
    /// next to the last change. The functions below split a lookup from the change that follows it.
    [[nodiscard]] Cursor seek(std::uint64_t first);
    /// Whether an entry next to the place overlaps `range`. The place is seek(range.first).
    [[nodiscard]] bool overlaps_neighbour(Cursor place, const IovaRange& range) const;
    /// seek() and overlaps_neighbour() in one: the place for a range that no entry overlaps.
    [[nodiscard]] std::optional<Cursor> insertion_point(const IovaRange& range);
    /// Needs a place from seek(range.first) and no overlap there.
    void insert_at(Cursor place, const IovaRange& range, const Value& value);
    /// The entry with exactly this range. Only where entries do not overlap.
    [[nodiscard]] std::optional<Cursor> find_exact(const IovaRange& range);
    [[nodiscard]] Value& value(Cursor at) { return chunks_[at.chunk]->rest[at.slot].value; }
    [[nodiscard]] const Value& value(Cursor at) const {
        return chunks_[at.chunk]->rest[at.slot].value;
    }
    void remove(Cursor at);

  private:
    static constexpr std::size_t kChunk = 32;
    static constexpr std::size_t kMaxFreeChunks = 8;
    static constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();
    struct Rest {
        std::uint64_t last;
        Value value;
    };
    /// Entries are in [begin, end). The slots before hold 0 and those behind kTop, so that a search
    /// covers the whole array without bounds.
    struct Chunk {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        std::array<std::uint64_t, kChunk> first{};
        std::array<Rest, kChunk> rest{};
    };

    [[nodiscard]] static std::size_t count_up_to(const std::uint64_t* sorted, std::size_t count,
                                                 std::uint64_t key);
    [[nodiscard]] static std::size_t upper_slot(const Chunk& chunk, std::uint64_t key);
    [[nodiscard]] Cursor upper_bound(std::uint64_t first) const;
    [[nodiscard]] std::size_t chunk_for(std::uint64_t key) const;
    [[nodiscard]] Cursor first_overlap_at(const IovaRange& range) const;
    [[nodiscard]] Interval entry(Cursor at) const;
    [[nodiscard]] static std::size_t make_room(Chunk& chunk, std::size_t slot);
    static void slide(Chunk& chunk);
    [[nodiscard]] static std::size_t close_gap(Chunk& chunk, std::size_t slot);
    [[nodiscard]] static std::size_t close_gap_inside(Chunk& chunk, std::size_t slot);
    [[nodiscard]] Cursor make_room_at(Cursor place, std::uint64_t first);
    std::unique_ptr<Chunk> new_chunk();
    void add_chunk(std::size_t index, std::uint64_t head);
    void split(std::size_t index);
    void drop_chunk(std::size_t index);
    [[nodiscard]] std::optional<Interval> containing_overlapping(const IovaRange& range) const;
    bool erase_overlapping(const IovaRange& range, const Value& value);
    void find_peaks();
    void refresh_peak(std::size_t index);

    std::vector<std::uint64_t> heads_;  ///< first address of each chunk
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<std::unique_ptr<Chunk>> free_chunks_;  ///< recently emptied, for the next split
    std::size_t size_ = 0;
    Cursor last_change_;  ///< where the last change was: the next is often beside it
    /// Entries overlap, or have overlapped since it was empty. Until then only the entry before a
    /// place can reach into it.
    bool overlapping_ = false;
    std::vector<std::uint64_t> peaks_;  ///< layered: highest last address in each chunk
};

}  // namespace vfio

#include "vfio/src/space/interval_index.ipp"

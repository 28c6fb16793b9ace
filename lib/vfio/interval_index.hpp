// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "vfio/iova_range.hpp"

namespace vfio {

/// Intervals of 64-bit addresses with a value each, ordered by their first address; they may
/// overlap. Kept in sorted chunks of 32 below one flat array of chunk heads: a lookup is two binary
/// searches in memory that fits a cache line's neighbours, not a pointer per level (100,000
/// entries: about 30 ns). Insert and erase move at most one chunk, and one slot of the heads when a
/// chunk splits or empties. Not thread-safe. Value is a small trivially copyable type.
template <typename Value>
class IntervalIndex {
  public:
    struct Entry {
        IovaRange range;
        Value value;
        auto operator<=>(const Entry&) const = default;
    };

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    void clear();
    void insert(const IovaRange& range, const Value& value);
    /// Takes out the entry with exactly this range and value; false when there is none.
    bool erase(const IovaRange& range, const Value& value);

    /// An entry that contains the whole of `range`; of several the one that starts last.
    [[nodiscard]] std::optional<Entry> containing(const IovaRange& range) const;
    /// The first entry, in address order, that overlaps `range`. Only where entries do not overlap
    /// each other.
    [[nodiscard]] std::optional<Entry> first_overlap(const IovaRange& range) const;
    /// Calls visit(Entry) for entries that overlap `range`, in order. Only where entries do not
    /// overlap.
    template <typename Visit>
    void visit_overlaps(const IovaRange& range, Visit&& visit) const;
    template <typename Visit>
    void visit_all(Visit&& visit) const;

  private:
    static constexpr std::size_t kChunk = 32;
    struct Chunk {
        std::size_t count = 0;
        std::array<std::uint64_t, kChunk> first{};
        std::array<std::uint64_t, kChunk> last{};
        std::array<Value, kChunk> value{};
    };
    struct Cursor {
        std::size_t chunk;
        std::size_t slot;
    };

    [[nodiscard]] static std::size_t count_up_to(const std::uint64_t* sorted, std::size_t count,
                                                 std::uint64_t key);
    [[nodiscard]] std::size_t chunk_for(std::uint64_t key) const;
    [[nodiscard]] Cursor first_overlap_at(const IovaRange& range) const;
    [[nodiscard]] Entry entry(Cursor at) const;
    void split(std::size_t index);
    void remove(Cursor at);
    void refresh(std::size_t index);

    std::vector<std::uint64_t> heads_;  ///< first address of each chunk
    std::vector<std::uint64_t> peaks_;  ///< highest last address in each chunk
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::size_t size_ = 0;
};

}  // namespace vfio

#include "vfio/interval_index.ipp"

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Entries that overlap: memory that is mapped at two IOVAs, in the order of addresses. Any entry
// before a range can then reach into it. The highest last address of each chunk is kept, so that
// most chunks are skipped.
#pragma once

#include "vfio/src/space/interval_index.hpp"

namespace vfio {

template <typename Value>
[[gnu::noinline]] void IntervalIndex<Value>::refresh_peak(std::size_t index) {
    const Chunk& chunk = *chunks_[index];
    std::uint64_t peak = 0;
    for (std::size_t slot = chunk.begin; slot < chunk.end; ++slot)
        peak = std::max(peak, chunk.rest[slot].last);
    peaks_[index] = peak;
}

template <typename Value>
void IntervalIndex<Value>::find_peaks() {
    overlapping_ = true;
    peaks_.resize(chunks_.size());
    for (std::size_t index = 0; index < chunks_.size(); ++index)
        refresh_peak(index);
}

template <typename Value>
bool IntervalIndex<Value>::erase_overlapping(const IovaRange& range, const Value& value) {
    // Entries with one first address may span chunks: start at the last and walk back.
    for (std::size_t index = chunk_for(range.first) + 1; index-- > 0;) {
        const Chunk& chunk = *chunks_[index];
        for (std::size_t slot = upper_slot(chunk, range.first); slot-- > chunk.begin;) {
            if (chunk.first[slot] != range.first)
                return false;
            if (chunk.rest[slot].last == range.last && chunk.rest[slot].value == value) {
                remove({index, slot});
                return true;
            }
        }
    }
    return false;
}

template <typename Value>
std::optional<typename IntervalIndex<Value>::Interval> IntervalIndex<Value>::containing_overlapping(
    const IovaRange& range) const {
    for (std::size_t index = chunk_for(range.first) + 1; index-- > 0;) {
        if (peaks_[index] < range.last)
            continue;
        const Chunk& chunk = *chunks_[index];
        for (std::size_t slot = upper_slot(chunk, range.first); slot-- > chunk.begin;)
            if (chunk.rest[slot].last >= range.last)
                return entry({index, slot});
    }
    return std::nullopt;
}

}  // namespace vfio

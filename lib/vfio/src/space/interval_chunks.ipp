// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Changes. Entries move inside one chunk only. A full chunk splits in two; an empty one is dropped
// and kept for the next split.
#pragma once

#include "vfio/src/space/interval_index.hpp"

namespace vfio {

/// Moves half of the free slots to the front, which has none: a run of descending inserts then
/// moves entries only now and then. The chunk is not full.
template <typename Value>
[[gnu::noinline]] void IntervalIndex<Value>::slide(Chunk& chunk) {
    const auto by = static_cast<std::uint32_t>((kChunk - chunk.end + 1) / 2);
    std::copy_backward(chunk.first.begin(), chunk.first.begin() + chunk.end,
                       chunk.first.begin() + chunk.end + by);
    std::copy_backward(chunk.rest.begin(), chunk.rest.begin() + chunk.end,
                       chunk.rest.begin() + chunk.end + by);
    std::fill(chunk.first.begin(), chunk.first.begin() + by, 0);
    chunk.begin += by;
    chunk.end += by;
}

/// Opens a slot and returns its index. The chunk is not full.
template <typename Value>
std::size_t IntervalIndex<Value>::make_room(Chunk& chunk, std::size_t slot) {
    const auto at = [](auto& array, std::size_t index) {
        return array.begin() + static_cast<std::ptrdiff_t>(index);
    };
    if (slot == 0 && chunk.end != 0)
        slide(chunk);
    if (slot <= chunk.begin && chunk.begin != 0)
        return --chunk.begin;
    const bool upwards =
        chunk.begin == 0 || (chunk.end < kChunk && chunk.end - slot <= slot - chunk.begin);
    if (upwards) {
        std::copy_backward(at(chunk.first, slot), at(chunk.first, chunk.end),
                           at(chunk.first, chunk.end + 1));
        std::copy_backward(at(chunk.rest, slot), at(chunk.rest, chunk.end),
                           at(chunk.rest, chunk.end + 1));
        ++chunk.end;
        return slot;
    }
    std::copy(at(chunk.first, chunk.begin), at(chunk.first, slot),
              at(chunk.first, chunk.begin - 1));
    std::copy(at(chunk.rest, chunk.begin), at(chunk.rest, slot), at(chunk.rest, chunk.begin - 1));
    --chunk.begin;
    return slot - 1;
}

/// Closes the slot and returns its index. At either end nothing moves.
template <typename Value>
std::size_t IntervalIndex<Value>::close_gap(Chunk& chunk, std::size_t slot) {
    if (slot == chunk.begin) {
        chunk.first[chunk.begin++] = 0;
        return slot + 1;
    }
    if (slot + 1 == chunk.end) {
        chunk.first[--chunk.end] = kTop;
        return slot;
    }
    return close_gap_inside(chunk, slot);
}

template <typename Value>
[[gnu::noinline]] std::size_t IntervalIndex<Value>::close_gap_inside(Chunk& chunk,
                                                                     std::size_t slot) {
    const auto at = [](auto& array, std::size_t index) {
        return array.begin() + static_cast<std::ptrdiff_t>(index);
    };
    if (slot - chunk.begin < chunk.end - slot) {
        std::copy_backward(at(chunk.first, chunk.begin), at(chunk.first, slot),
                           at(chunk.first, slot + 1));
        std::copy_backward(at(chunk.rest, chunk.begin), at(chunk.rest, slot),
                           at(chunk.rest, slot + 1));
        chunk.first[chunk.begin++] = 0;
        return slot + 1;
    }
    std::copy(at(chunk.first, slot + 1), at(chunk.first, chunk.end), at(chunk.first, slot));
    std::copy(at(chunk.rest, slot + 1), at(chunk.rest, chunk.end), at(chunk.rest, slot));
    chunk.first[--chunk.end] = kTop;
    return slot;
}

template <typename Value>
std::unique_ptr<typename IntervalIndex<Value>::Chunk> IntervalIndex<Value>::new_chunk() {
    std::unique_ptr<Chunk> chunk;
    if (free_chunks_.empty()) {
        chunk = std::make_unique<Chunk>();
    } else {
        chunk = std::move(free_chunks_.back());
        free_chunks_.pop_back();
    }
    chunk->begin = 0;
    chunk->end = 0;
    chunk->first.fill(kTop);
    return chunk;
}

template <typename Value>
void IntervalIndex<Value>::add_chunk(std::size_t index, std::uint64_t head) {
    const auto at = static_cast<std::ptrdiff_t>(index);
    chunks_.insert(chunks_.begin() + at, new_chunk());
    heads_.insert(heads_.begin() + at, head);
    if (overlapping_)
        peaks_.insert(peaks_.begin() + at, 0);
}

template <typename Value>
void IntervalIndex<Value>::split(std::size_t index) {
    constexpr std::size_t kHalf = kChunk / 2;
    add_chunk(index + 1, chunks_[index]->first[kHalf]);
    Chunk& lower = *chunks_[index];
    Chunk& upper = *chunks_[index + 1];
    std::copy(lower.first.begin() + kHalf, lower.first.end(), upper.first.begin());
    std::copy(lower.rest.begin() + kHalf, lower.rest.end(), upper.rest.begin());
    std::fill(lower.first.begin() + kHalf, lower.first.end(), kTop);
    upper.end = kChunk - kHalf;
    lower.end = kHalf;
    if (overlapping_) {
        refresh_peak(index);
        refresh_peak(index + 1);
    }
}

/// Opens a slot at the place, in another chunk if this one is full, and returns its place.
template <typename Value>
[[gnu::noinline]] typename IntervalIndex<Value>::Cursor IntervalIndex<Value>::make_room_at(
    Cursor place, std::uint64_t first) {
    if (chunks_.empty()) {
        add_chunk(0, first);
    } else if (place.slot == kChunk && place.chunk + 1 == chunks_.size()) {
        // A run of ascending inserts (the common way to map) leaves full chunks behind.
        place = {place.chunk + 1, 0};
        add_chunk(place.chunk, first);
    } else if (chunks_[place.chunk]->begin == 0 && chunks_[place.chunk]->end == kChunk) {
        split(place.chunk);
        place = upper_bound(first);
    }
    place.slot = make_room(*chunks_[place.chunk], place.slot);
    return place;
}

template <typename Value>
void IntervalIndex<Value>::insert_at(Cursor place, const IovaRange& range, const Value& value) {
    if (!chunks_.empty() && place.slot == chunks_[place.chunk]->end && place.slot < kChunk)
        ++chunks_[place.chunk]->end;
    else
        place = make_room_at(place, range.first);
    Chunk& chunk = *chunks_[place.chunk];
    chunk.first[place.slot] = range.first;
    chunk.rest[place.slot] = {range.last, value};
    if (place.slot == chunk.begin)
        heads_[place.chunk] = range.first;
    last_change_ = {place.chunk, place.slot + 1};
    ++size_;
    if (overlapping_)
        peaks_[place.chunk] = std::max(peaks_[place.chunk], range.last);
}

template <typename Value>
[[gnu::noinline]] void IntervalIndex<Value>::insert(const IovaRange& range, const Value& value) {
    const Cursor place = seek(range.first);
    if (!overlapping_ && overlaps_neighbour(place, range))
        find_peaks();
    insert_at(place, range, value);
}

template <typename Value>
[[gnu::noinline]] void IntervalIndex<Value>::drop_chunk(std::size_t index) {
    const auto at = static_cast<std::ptrdiff_t>(index);
    if (free_chunks_.size() < kMaxFreeChunks)
        free_chunks_.push_back(std::move(chunks_[index]));
    chunks_.erase(chunks_.begin() + at);
    heads_.erase(heads_.begin() + at);
    if (overlapping_)
        peaks_.erase(peaks_.begin() + at);
    if (index < chunks_.size())
        last_change_ = {index, chunks_[index]->begin};
    else if (index > 0)
        last_change_ = {index - 1, chunks_[index - 1]->end};
    else
        last_change_ = {};
    if (chunks_.empty()) {
        overlapping_ = false;
        peaks_.clear();
    }
}

template <typename Value>
void IntervalIndex<Value>::remove(Cursor at) {
    Chunk& chunk = *chunks_[at.chunk];
    const bool peak = overlapping_ && chunk.rest[at.slot].last == peaks_[at.chunk];
    last_change_ = {at.chunk, close_gap(chunk, at.slot)};
    --size_;
    if (chunk.begin == chunk.end)
        return drop_chunk(at.chunk);
    heads_[at.chunk] = chunk.first[chunk.begin];
    if (peak)
        refresh_peak(at.chunk);
}

template <typename Value>
[[gnu::noinline]] bool IntervalIndex<Value>::erase(const IovaRange& range, const Value& value) {
    if (overlapping_)
        return erase_overlapping(range, value);
    const auto found = find_exact(range);
    if (!found || !(chunks_[found->chunk]->rest[found->slot].value == value))
        return false;
    remove(*found);
    return true;
}

}  // namespace vfio

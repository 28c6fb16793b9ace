// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfio/src/space/interval_index.hpp"

namespace vfio {

template <typename Value>
void IntervalIndex<Value>::clear() {
    heads_.clear();
    peaks_.clear();
    chunks_.clear();
    size_ = 0;
    last_change_ = {};
    overlapping_ = false;
}

/// How many of the sorted keys are not above `key`. Each step is an addition, not a jump: a jump
/// that is guessed wrong half of the time costs more than all else here.
template <typename Value>
std::size_t IntervalIndex<Value>::count_up_to(const std::uint64_t* sorted, std::size_t count,
                                              std::uint64_t key) {
    const std::uint64_t* base = sorted;
    while (count > 1) {
        const std::size_t half = count / 2;
        base += half & (std::size_t{0} - static_cast<std::size_t>(base[half - 1] <= key));
        count -= half;
    }
    const auto before = static_cast<std::size_t>(base - sorted);
    return before + (count == 1 && *base <= key ? 1 : 0);
}

/// The slot behind the chunk's last entry that is not above `key`.
template <typename Value>
std::size_t IntervalIndex<Value>::upper_slot(const Chunk& chunk, std::uint64_t key) {
    const std::size_t slot = count_up_to(chunk.first.data(), kChunk, key);
    return std::min<std::size_t>(slot, chunk.end);
}

/// The last chunk whose head is not above `key`; the first chunk for a key below all.
template <typename Value>
std::size_t IntervalIndex<Value>::chunk_for(std::uint64_t key) const {
    const std::size_t count = count_up_to(heads_.data(), heads_.size(), key);
    return count == 0 ? 0 : count - 1;
}

template <typename Value>
[[gnu::noinline]] typename IntervalIndex<Value>::Cursor IntervalIndex<Value>::upper_bound(
    std::uint64_t first) const {
    if (chunks_.empty())
        return {};
    const std::size_t index = chunk_for(first);
    const Chunk& chunk = *chunks_[index];
    // The search goes from line to line; all are under way before it begins.
    for (std::size_t key = 0; key < kChunk; key += 8)
        __builtin_prefetch(&chunk.first[key]);
    return {index, upper_slot(chunk, first)};
}

template <typename Value>
typename IntervalIndex<Value>::Cursor IntervalIndex<Value>::seek(std::uint64_t first) {
    if (last_change_.chunk >= chunks_.size())
        return upper_bound(first);
    const Chunk& chunk = *chunks_[last_change_.chunk];
    std::size_t slot = last_change_.slot;
    if (slot < chunk.end && chunk.first[slot] <= first)
        ++slot;
    else if (slot > chunk.begin && first < chunk.first[slot - 1])
        --slot;
    const bool above =
        slot > chunk.begin ? chunk.first[slot - 1] <= first : last_change_.chunk == 0;
    const bool below = slot < chunk.end ? first < chunk.first[slot]
                                        : last_change_.chunk + 1 == chunks_.size() ||
                                              first < heads_[last_change_.chunk + 1];
    return above && below ? Cursor{last_change_.chunk, slot} : upper_bound(first);
}

template <typename Value>
typename IntervalIndex<Value>::Interval IntervalIndex<Value>::entry(Cursor at) const {
    const Chunk& chunk = *chunks_[at.chunk];
    return {{chunk.first[at.slot], chunk.rest[at.slot].last}, chunk.rest[at.slot].value};
}

template <typename Value>
bool IntervalIndex<Value>::overlaps_neighbour(Cursor place, const IovaRange& range) const {
    if (chunks_.empty())
        return false;
    const Chunk& chunk = *chunks_[place.chunk];
    if (place.slot > chunk.begin && chunk.rest[place.slot - 1].last >= range.first)
        return true;
    if (place.slot < chunk.end)
        return chunk.first[place.slot] <= range.last;
    return place.chunk + 1 < chunks_.size() && heads_[place.chunk + 1] <= range.last;
}

template <typename Value>
std::optional<typename IntervalIndex<Value>::Cursor> IntervalIndex<Value>::insertion_point(
    const IovaRange& range) {
    // Most ranges go behind the last one that did.
    if (last_change_.slot != 0 && last_change_.chunk + 1 == chunks_.size()) {
        const Chunk& chunk = *chunks_[last_change_.chunk];
        if (last_change_.slot == chunk.end && chunk.rest[last_change_.slot - 1].last < range.first)
            return last_change_;
    }
    const Cursor place = seek(range.first);
    return overlaps_neighbour(place, range) ? std::nullopt : std::optional<Cursor>(place);
}

// Changes.

/// Half of the free slots go to the front, which has none: a run of descending inserts then moves
/// entries every so often, not each time. The chunk is not full.
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

/// Opens the slot; where it is then. The chunk is not full.
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

/// Where the gap was. At either end nothing moves.
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

/// Opens a slot at the place, in another chunk if this one is full; where it is then.
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

// Lookups where entries do not overlap: only the one that starts last at or before a range can
// reach into it.

template <typename Value>
std::optional<typename IntervalIndex<Value>::Cursor> IntervalIndex<Value>::find_exact(
    const IovaRange& range) {
    if (empty())
        return std::nullopt;
    if (last_change_.chunk < chunks_.size()) {
        const Chunk& chunk = *chunks_[last_change_.chunk];
        const auto is = [&](std::size_t slot) {
            return slot >= chunk.begin && slot < chunk.end && chunk.first[slot] == range.first &&
                   chunk.rest[slot].last == range.last;
        };
        if (is(last_change_.slot))
            return last_change_;
        if (last_change_.slot > 0 && is(last_change_.slot - 1))
            return Cursor{last_change_.chunk, last_change_.slot - 1};
    }
    const Cursor place = upper_bound(range.first);
    const Chunk& chunk = *chunks_[place.chunk];
    if (place.slot == chunk.begin || chunk.first[place.slot - 1] != range.first ||
        chunk.rest[place.slot - 1].last != range.last)
        return std::nullopt;
    return Cursor{place.chunk, place.slot - 1};
}

template <typename Value>
std::optional<typename IntervalIndex<Value>::Interval> IntervalIndex<Value>::containing(
    const IovaRange& range) const {
    if (empty())
        return std::nullopt;
    if (overlapping_)
        return containing_overlapping(range);
    const Cursor place = upper_bound(range.first);
    const Chunk& chunk = *chunks_[place.chunk];
    if (place.slot == chunk.begin || chunk.rest[place.slot - 1].last < range.last)
        return std::nullopt;
    return entry({place.chunk, place.slot - 1});
}

template <typename Value>
typename IntervalIndex<Value>::Cursor IntervalIndex<Value>::first_overlap_at(
    const IovaRange& range) const {
    const Cursor none{chunks_.size(), 0};
    if (empty())
        return none;
    Cursor place = upper_bound(range.first);
    const Chunk& chunk = *chunks_[place.chunk];
    if (place.slot > chunk.begin && chunk.rest[place.slot - 1].last >= range.first)
        return {place.chunk, place.slot - 1};
    if (!overlaps_neighbour(place, range))
        return none;
    if (place.slot == chunk.end)
        place = {place.chunk + 1, chunks_[place.chunk + 1]->begin};
    return place;
}

template <typename Value>
std::optional<typename IntervalIndex<Value>::Interval> IntervalIndex<Value>::first_overlap(
    const IovaRange& range) const {
    const Cursor at = first_overlap_at(range);
    return at.chunk == chunks_.size() ? std::nullopt : std::optional<Interval>(entry(at));
}

template <typename Value>
template <typename Visit>
void IntervalIndex<Value>::visit_overlaps(const IovaRange& range, Visit&& visit) const {
    Cursor at = first_overlap_at(range);
    while (at.chunk < chunks_.size()) {
        const Interval found = entry(at);
        if (found.range.first > range.last)
            return;
        visit(found);
        if (++at.slot == chunks_[at.chunk]->end && ++at.chunk < chunks_.size())
            at.slot = chunks_[at.chunk]->begin;
    }
}

template <typename Value>
template <typename Visit>
void IntervalIndex<Value>::visit_all(Visit&& visit) const {
    for (std::size_t index = 0; index < chunks_.size(); ++index)
        for (std::size_t slot = chunks_[index]->begin; slot < chunks_[index]->end; ++slot)
            visit(entry({index, slot}));
}

}  // namespace vfio

#include "vfio/src/space/interval_overlaps.ipp"

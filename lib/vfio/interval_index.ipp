// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfio/interval_index.hpp"

namespace vfio {

template <typename Value>
void IntervalIndex<Value>::clear() {
    heads_.clear();
    peaks_.clear();
    chunks_.clear();
    size_ = 0;
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

/// The last chunk whose head is not above `key`; the first chunk for a key below all.
template <typename Value>
std::size_t IntervalIndex<Value>::chunk_for(std::uint64_t key) const {
    const std::size_t count = count_up_to(heads_.data(), heads_.size(), key);
    return count == 0 ? 0 : count - 1;
}

template <typename Value>
typename IntervalIndex<Value>::Entry IntervalIndex<Value>::entry(Cursor at) const {
    const Chunk& chunk = *chunks_[at.chunk];
    return {{chunk.first[at.slot], chunk.last[at.slot]}, chunk.value[at.slot]};
}

template <typename Value>
void IntervalIndex<Value>::refresh(std::size_t index) {
    const Chunk& chunk = *chunks_[index];
    heads_[index] = chunk.first[0];
    peaks_[index] = *std::max_element(
        chunk.last.begin(), chunk.last.begin() + static_cast<std::ptrdiff_t>(chunk.count));
}

template <typename Value>
void IntervalIndex<Value>::split(std::size_t index) {
    auto upper = std::make_unique<Chunk>();
    Chunk& lower = *chunks_[index];
    // A run of ascending inserts (the common way to map) leaves full chunks behind, not half-full
    // ones.
    const std::size_t keep = index + 1 == chunks_.size() ? kChunk - 1 : kChunk / 2;
    const auto from = static_cast<std::ptrdiff_t>(keep);
    std::copy(lower.first.begin() + from, lower.first.end(), upper->first.begin());
    std::copy(lower.last.begin() + from, lower.last.end(), upper->last.begin());
    std::copy(lower.value.begin() + from, lower.value.end(), upper->value.begin());
    upper->count = kChunk - keep;
    lower.count = keep;
    const auto at = static_cast<std::ptrdiff_t>(index) + 1;
    chunks_.insert(chunks_.begin() + at, std::move(upper));
    heads_.insert(heads_.begin() + at, 0);
    peaks_.insert(peaks_.begin() + at, 0);
    refresh(index);
    refresh(index + 1);
}

template <typename Value>
void IntervalIndex<Value>::insert(const IovaRange& range, const Value& value) {
    if (chunks_.empty()) {
        chunks_.push_back(std::make_unique<Chunk>());
        heads_.push_back(range.first);
        peaks_.push_back(range.last);
    }
    std::size_t index = chunk_for(range.first);
    if (chunks_[index]->count == kChunk) {
        split(index);
        index = chunk_for(range.first);
    }
    Chunk& chunk = *chunks_[index];
    const std::size_t slot = count_up_to(chunk.first.data(), chunk.count, range.first);
    const auto shift = [&](auto& array, const auto& item) {
        std::copy_backward(array.begin() + static_cast<std::ptrdiff_t>(slot),
                           array.begin() + static_cast<std::ptrdiff_t>(chunk.count),
                           array.begin() + static_cast<std::ptrdiff_t>(chunk.count) + 1);
        array[slot] = item;
    };
    shift(chunk.first, range.first);
    shift(chunk.last, range.last);
    shift(chunk.value, value);
    ++chunk.count;
    ++size_;
    heads_[index] = chunk.first[0];
    peaks_[index] = chunk.count == 1 ? range.last : std::max(peaks_[index], range.last);
}

template <typename Value>
void IntervalIndex<Value>::remove(Cursor at) {
    Chunk& chunk = *chunks_[at.chunk];
    const bool peak = chunk.last[at.slot] == peaks_[at.chunk];
    const auto close = [&](auto& array) {
        std::copy(array.begin() + static_cast<std::ptrdiff_t>(at.slot) + 1,
                  array.begin() + static_cast<std::ptrdiff_t>(chunk.count),
                  array.begin() + static_cast<std::ptrdiff_t>(at.slot));
    };
    close(chunk.first);
    close(chunk.last);
    close(chunk.value);
    --chunk.count;
    --size_;
    if (chunk.count != 0) {
        heads_[at.chunk] = chunk.first[0];
        if (peak)
            refresh(at.chunk);
        return;
    }
    const auto index = static_cast<std::ptrdiff_t>(at.chunk);
    chunks_.erase(chunks_.begin() + index);
    heads_.erase(heads_.begin() + index);
    peaks_.erase(peaks_.begin() + index);
}

template <typename Value>
bool IntervalIndex<Value>::erase(const IovaRange& range, const Value& value) {
    if (empty())
        return false;
    // Entries with one first address may span chunks: start at the last and walk back.
    for (std::size_t index = chunk_for(range.first) + 1; index-- > 0;) {
        const Chunk& chunk = *chunks_[index];
        for (std::size_t slot = count_up_to(chunk.first.data(), chunk.count, range.first);
             slot-- > 0;) {
            if (chunk.first[slot] != range.first)
                return false;
            if (chunk.last[slot] == range.last && chunk.value[slot] == value) {
                remove({index, slot});
                return true;
            }
        }
    }
    return false;
}

template <typename Value>
std::optional<typename IntervalIndex<Value>::Entry> IntervalIndex<Value>::containing(
    const IovaRange& range) const {
    if (empty())
        return std::nullopt;
    for (std::size_t index = chunk_for(range.first) + 1; index-- > 0;) {
        if (peaks_[index] < range.last)
            continue;
        const Chunk& chunk = *chunks_[index];
        std::size_t slot = count_up_to(chunk.first.data(), chunk.count, range.first);
        while (slot-- > 0) {
            if (chunk.last[slot] >= range.last)
                return entry({index, slot});
        }
    }
    return std::nullopt;
}

/// Where entries do not overlap, only the one that starts last at or before `range` can reach into
/// it.
template <typename Value>
typename IntervalIndex<Value>::Cursor IntervalIndex<Value>::first_overlap_at(
    const IovaRange& range) const {
    const Cursor none{chunks_.size(), 0};
    if (empty())
        return none;
    std::size_t index = chunk_for(range.first);
    const Chunk& chunk = *chunks_[index];
    std::size_t slot = count_up_to(chunk.first.data(), chunk.count, range.first);
    if (slot > 0 && chunk.last[slot - 1] >= range.first)
        return {index, slot - 1};
    if (slot == chunk.count) {
        ++index;
        slot = 0;
    }
    if (index == chunks_.size() || chunks_[index]->first[slot] > range.last)
        return none;
    return {index, slot};
}

template <typename Value>
std::optional<typename IntervalIndex<Value>::Entry> IntervalIndex<Value>::first_overlap(
    const IovaRange& range) const {
    const Cursor at = first_overlap_at(range);
    return at.chunk == chunks_.size() ? std::nullopt : std::optional<Entry>(entry(at));
}

template <typename Value>
template <typename Visit>
void IntervalIndex<Value>::visit_overlaps(const IovaRange& range, Visit&& visit) const {
    Cursor at = first_overlap_at(range);
    while (at.chunk < chunks_.size()) {
        const Entry found = entry(at);
        if (found.range.first > range.last)
            return;
        visit(found);
        if (++at.slot == chunks_[at.chunk]->count)
            at = {at.chunk + 1, 0};
    }
}

template <typename Value>
template <typename Visit>
void IntervalIndex<Value>::visit_all(Visit&& visit) const {
    for (std::size_t index = 0; index < chunks_.size(); ++index)
        for (std::size_t slot = 0; slot < chunks_[index]->count; ++slot)
            visit(entry({index, slot}));
}

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/mapping_table.hpp"

#include <cassert>

namespace vfio {

MappedRange MappingTable::to_mapped_range(const IntervalIndex<MappingValue>::Interval& entry) {
    return {.iova = entry.range,
            .address = entry.value.address,
            .access = entry.value.access,
            .source = entry.value.source};
}

void MappingTable::index_addresses() {
    if (indexed_)
        return;
    indexed_ = true;
    by_iova_.visit_all([this](const auto& entry) {
        const std::uint64_t address = entry.value.address;
        if (address != 0)
            by_address_.insert({address, address + (entry.range.last - entry.range.first)},
                               entry.range.first);
    });
}

void MappingTable::mark_tracked(const IovaRange& range) {
    const auto at = by_iova_.find_exact(range);
    if (!at || by_iova_.value(*at).tracking == IovaTracking::kTracked)
        return;
    by_iova_.value(*at).tracking = IovaTracking::kTracked;
    --untracked_;
}

std::vector<IovaRange> MappingTable::ranges(IovaTracking tracking) const {
    std::vector<IovaRange> out;
    by_iova_.visit_all([&](const auto& entry) {
        if (entry.value.tracking == tracking)
            out.push_back(entry.range);
    });
    return out;
}

void MappingTable::clear() {
    by_iova_.clear();
    by_address_.clear();
    untracked_ = 0;
}

std::uint64_t MappingTable::bytes() const {
    std::uint64_t bytes = 0;
    by_iova_.visit_all([&](const auto& entry) { bytes += entry.range.length(); });
    return bytes;
}

std::optional<MappedRange> MappingTable::at_iova(const IovaRange& range) const {
    const auto found = by_iova_.first_overlap(range);
    if (!found || !found->range.contains(range))
        return std::nullopt;
    return to_mapped_range(*found);
}

std::optional<MappedRange> MappingTable::at_address(std::uint64_t address,
                                                    std::uint64_t length) const {
    assert(indexed_);
    if (!is_range(address, length))
        return std::nullopt;
    const auto found = by_address_.containing(make_range(address, length));
    if (!found)
        return std::nullopt;
    const std::uint64_t span = found->range.last - found->range.first;
    return at_iova({found->value, found->value + span});
}

/// Whether mappings follow `from` without a gap, in both spaces, up to the IOVA `last`.
bool MappingTable::runs_on(MappedRange from, std::uint64_t last) const {
    while (from.iova.last < last) {
        const std::uint64_t next = from.iova.last + 1;
        const auto found = at_iova({next, next});
        if (!found || found->address != from.address + (next - from.iova.first))
            return false;
        from = *found;
    }
    return true;
}

std::optional<std::uint64_t> MappingTable::translate(std::uint64_t address,
                                                     std::uint64_t length) const {
    assert(indexed_);
    if (!is_range(address, length))
        return std::nullopt;
    if (const auto whole = by_address_.containing(make_range(address, length)))
        return whole->value + (address - whole->range.first);
    const auto start = at_address(address, 1);
    if (!start)
        return std::nullopt;
    const std::uint64_t iova = start->iova.first + (address - start->address);
    if (!is_range(iova, length) || !runs_on(*start, iova + (length - 1)))
        return std::nullopt;
    return iova;
}

std::optional<std::uint64_t> MappingTable::translate_iova(const IovaRange& range) const {
    const auto start = at_iova({range.first, range.first});
    if (range.first > range.last || !start || start->address == 0 || !runs_on(*start, range.last))
        return std::nullopt;
    return start->address + (range.first - start->iova.first);
}

std::optional<MappedRange> MappingTable::first_overlap(const IovaRange& range) const {
    const auto found = by_iova_.first_overlap(range);
    return found ? std::optional<MappedRange>(to_mapped_range(*found)) : std::nullopt;
}

std::vector<MappedRange> MappingTable::overlapping(const IovaRange& range) const {
    std::vector<MappedRange> out;
    by_iova_.visit_overlaps(range,
                            [&](const auto& entry) { out.push_back(to_mapped_range(entry)); });
    return out;
}

std::vector<MappedRange> MappingTable::all() const {
    std::vector<MappedRange> out;
    out.reserve(size());
    by_iova_.visit_all([&](const auto& entry) { out.push_back(to_mapped_range(entry)); });
    return out;
}

}  // namespace vfio

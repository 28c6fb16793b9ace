// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>

#include "vfio/map_request.hpp"
#include "vfio/src/space/iova_allocator.hpp"
#include "vfio/src/space/mapping_table.hpp"

namespace vfio {

/// Which IOVAs of an address space are mapped and which are free. Owns the table of mappings and
/// the allocator, and keeps them in step. A map reserves first, asks the kernel, and then commits
/// or cancels. Not thread-safe.
class IovaReservations {
  public:
    /// IOVAs for a mapping and its place in the table; valid until the next change.
    struct Reservation {
        IovaRange range;
        MappingTable::MappingCursor place;
        IovaTracking tracking;
    };

    /// Replaces the windows that IOVAs are taken from; mappings stay.
    void set_windows(std::span<const Window> windows) {
        allocator_.set_windows(windows, table_.ranges(IovaTracking::kTracked));
    }
    /// The IOVA that is asked for, if it is free, or one freed recently. Nothing when only
    /// reserve() can tell.
    [[nodiscard]] std::optional<Reservation> reserve_fast(const MapRequest& request);
    /// ENOSPC: no free IOVA fits. For an IOVA that is asked for: EEXIST with the mapping in the way
    /// as hint, EINVAL outside the windows.
    [[nodiscard]] Result<Reservation> reserve(const MapRequest& request);
    /// The kernel made the mapping.
    void commit(const Reservation& reservation, const MappedRange& mapped) {
        table_.insert_at(reservation.place, mapped, reservation.tracking);
    }
    /// The kernel refused the mapping.
    void cancel(const Reservation& reservation) {
        if (reservation.tracking == IovaTracking::kTracked)
            allocator_.release(reservation.range);
    }
    void erase(MappingTable::MappingCursor place, const IovaRange& range) {
        if (table_.erase_at(place, range) == IovaTracking::kTracked)
            allocator_.release(range);
    }
    [[nodiscard]] MappingTable& table() { return table_; }
    [[nodiscard]] const MappingTable& table() const { return table_; }

  private:
    [[nodiscard]] static IovaAllocator::Constraints to_constraints(const MapRequest& request);
    [[nodiscard]] Result<Reservation> reserve_fixed(const IovaRange& range);
    [[nodiscard]] Result<Reservation> reserve_free(const IovaAllocator::Constraints& constraints);
    [[nodiscard]] Result<IovaRange> allocate(const IovaAllocator::Constraints& constraints);
    [[nodiscard]] Error unavailable_error(const IovaRange& range) const;

    IovaAllocator allocator_;
    MappingTable table_;
};

// The path of every map, inlined into the caller.

/// Huge pages of the memory become huge pages of the IOMMU only if both addresses are congruent.
inline IovaAllocator::Constraints IovaReservations::to_constraints(const MapRequest& request) {
    constexpr std::uint64_t kLargestPage = std::uint64_t{1} << 30;
    return {.length = request.length,
            .alignment = request.alignment != 0
                             ? request.alignment
                             : std::min(std::bit_floor(request.length), kLargestPage),
            .phase = request.address,
            .within = request.within};
}

inline std::optional<IovaReservations::Reservation> IovaReservations::reserve_fast(
    const MapRequest& request) {
    if (request.iova) {
        const IovaRange range = make_range(*request.iova, request.length);
        const auto place = table_.insertion_point(range);
        return place && allocator_.covers(range)
                   ? std::optional<Reservation>({range, *place, IovaTracking::kUntracked})
                   : std::nullopt;
    }
    const auto range = allocator_.reuse_exact(to_constraints(request));
    if (!range)
        return std::nullopt;
    if (const auto place = table_.insertion_point(*range))
        return Reservation{*range, *place, IovaTracking::kTracked};
    allocator_.release(*range);
    return std::nullopt;
}

}  // namespace vfio

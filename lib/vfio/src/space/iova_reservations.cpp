// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/iova_reservations.hpp"

#include <cassert>
#include <cerrno>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

/// Why a range cannot be had: outside the windows, or mapped. The caller names the address space.
Error IovaReservations::unavailable_error(const IovaRange& range) const {
    Error failed;
    if (const auto fits = allocator_.check_range(range)) {
        failed = fail_call(EEXIST, "", "").value();
        if (const auto there = table_.first_overlap(range))
            failed.hint = "in the way: the mapping " + text(there->iova);
    } else {
        failed = fits.error();
    }
    failed.operation = "map at " + hex_text(range.first);
    return failed;
}

Result<IovaReservations::Reservation> IovaReservations::reserve_fixed(const IovaRange& range) {
    if (allocator_.covers(range))
        if (const auto place = table_.insertion_point(range))
            return Reservation{range, *place, IovaTracking::kUntracked};
    return tl::unexpected<Error>(unavailable_error(range));
}

/// A free range that no mapping overlaps. The allocator does not know mappings at IOVAs that
/// callers chose: it learns of one when its answer overlaps it, and of all when it finds no room.
Result<IovaRange> IovaReservations::allocate(const IovaAllocator::Constraints& constraints) {
    for (;;) {
        auto range = allocator_.allocate(constraints);
        if (table_.untracked() == 0 || (!range && range.error().errnum != ENOSPC))
            return range;
        if (!range) {
            for (const IovaRange& untracked : table_.ranges(IovaTracking::kUntracked)) {
                allocator_.mark_used(untracked);
                table_.mark_tracked(untracked);
            }
            return allocator_.allocate(constraints);
        }
        const auto there = table_.first_overlap(*range);
        if (!there)
            return range;
        allocator_.release(*range);
        allocator_.mark_used(there->iova);
        table_.mark_tracked(there->iova);
    }
}

Result<IovaReservations::Reservation> IovaReservations::reserve_free(
    const IovaAllocator::Constraints& constraints) {
    const IovaRange range = TRY(allocate(constraints));
    const auto place = table_.insertion_point(range);
    assert(place);
    return Reservation{range, *place, IovaTracking::kTracked};
}

Result<IovaReservations::Reservation> IovaReservations::reserve(const MapRequest& request) {
    if (request.iova)
        return reserve_fixed(make_range(*request.iova, request.length));
    IovaAllocator::Constraints constraints = to_constraints(request);
    auto reservation = reserve_free(constraints);
    // An alignment that was not asked for is only preferred.
    if (!reservation && request.alignment == 0 && reservation.error().errnum == ENOSPC) {
        constraints.alignment = 0;
        reservation = reserve_free(constraints);
    }
    return reservation;
}

}  // namespace vfio

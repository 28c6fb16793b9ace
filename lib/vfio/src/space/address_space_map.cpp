// SPDX-License-Identifier: LGPL-2.1-or-later
// Maps. The ioctl for a page takes the kernel a few microseconds, so the way that most maps take is
// kept short: no heap, no text, no search where the last change was next to this one, and nothing
// done for what may never be asked (the order of addresses, the allocator's view of IOVAs that
// callers choose themselves).
#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <limits>
#include <mutex>

#include "vfio/address_space.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLargestPage = std::uint64_t{1} << 30;

/// Huge pages of the memory meet huge pages of the IOMMU only if both addresses are congruent.
IovaAllocator::Constraints to_constraints(const MapRequest& request) {
    return {.length = request.length,
            .alignment = request.alignment != 0
                             ? request.alignment
                             : std::min(std::bit_floor(request.length), kLargestPage),
            .phase = request.address,
            .within = request.within};
}

std::string where(const MapRequest& request) {
    return request.iova ? "map at " + hex_text(*request.iova) : "map";
}

}  // namespace

bool AddressSpace::is_valid(const MapRequest& request) const {
    return request.length != 0 && request.length - 1 <= kLast - request.address &&
           (!request.iova || request.length - 1 <= kLast - *request.iova) && is_live() &&
           granule_ != 0 && ((request.address | request.length) & (granule_ - 1)) == 0;
}

/// What could never be right is refused with the reason that the kernel's EINVAL does not give.
Error AddressSpace::validation_error(const MapRequest& request) const {
    const std::string object(name(backend()));
    const auto invalid = [&](int errnum, std::string why) {
        return fail_call(errnum, where(request), object, std::move(why)).value();
    };
    if (request.length == 0)
        return invalid(EINVAL, "the length is 0");
    if (request.length - 1 > kLast - request.address ||
        (request.iova && request.length - 1 > kLast - *request.iova))
        return invalid(EOVERFLOW, "the range wraps around");
    if (backend() == Backend::kNoiommu)
        return base::fail(Code::kUnsupported, where(request), object,
                          "there is no translation: devices see physical addresses")
            .value();
    if (!is_live() || granule_ == 0)
        return base::fail(Code::kRefused, where(request), object, "no device is attached yet")
            .value();
    return invalid(EINVAL, "address and length must be multiples of " + hex_text(granule_));
}

/// Why a range cannot be had: outside the windows, or taken.
Error AddressSpace::unavailable_error(const IovaRange& range) const {
    Error failed;
    if (const auto fits = iovas_.check_range(range)) {
        failed = fail_call(EEXIST, "", "").value();
        if (const auto there = table_.first_overlap(range))
            failed.hint = "in the way: the mapping " + text(there->iova);
    } else {
        failed = fits.error();
    }
    failed.operation = "map at " + hex_text(range.first);
    failed.object = name(backend());
    return failed;
}

[[gnu::noinline]] Result<AddressSpace::Reservation> AddressSpace::reserve_fixed(
    const IovaRange& range) {
    if (iovas_.covers(range))
        if (const auto place = table_.insertion_point(range))
            return Reservation{range, *place, MappingTable::IovaTracking::kUntracked};
    return tl::unexpected<Error>(unavailable_error(range));
}

/// A free range that no mapping overlaps. Of mappings at IOVAs of the callers' own choice the
/// allocator hears when it comes upon one, and of all of them when it finds no room: each once.
Result<IovaRange> AddressSpace::allocate_iova(const IovaAllocator::Constraints& constraints) {
    using IovaTracking = MappingTable::IovaTracking;
    for (;;) {
        auto range = iovas_.allocate(constraints);
        if (table_.untracked() == 0 || (!range && range.error().errnum != ENOSPC))
            return range;
        if (!range) {
            for (const IovaRange& untracked : table_.ranges(IovaTracking::kUntracked)) {
                iovas_.mark_used(untracked);
                table_.mark_tracked(untracked);
            }
            return iovas_.allocate(constraints);
        }
        const auto there = table_.first_overlap(*range);
        if (!there)
            return range;
        iovas_.release(*range);
        iovas_.mark_used(there->iova);
        table_.mark_tracked(there->iova);
    }
}

Result<AddressSpace::Reservation> AddressSpace::reserve_free(
    const IovaAllocator::Constraints& constraints) {
    const auto range = allocate_iova(constraints);
    if (!range)
        return base::propagate(range);
    const auto place = table_.insertion_point(*range);
    assert(place);
    return Reservation{*range, *place, MappingTable::IovaTracking::kTracked};
}

Result<AddressSpace::Reservation> AddressSpace::reserve(const MapRequest& request) {
    if (request.iova)
        return reserve_fixed({*request.iova, *request.iova + (request.length - 1)});
    // The alignment that was not asked for is a wish, so without room for it any aligned place will
    // do; one asked for is an order.
    const bool preferred = request.alignment == 0;
    IovaAllocator::Constraints constraints = to_constraints(request);
    auto reservation = reserve_free(constraints);
    if (!reservation && preferred && reservation.error().errnum == ENOSPC) {
        constraints.alignment = 0;
        reservation = reserve_free(constraints);
    }
    if (!reservation && reservation.error().errnum == ENOSPC && !request.within) {
        if (const auto grown = backend_->add_window(request.length)) {
            if (auto known = refresh(); !known)
                return base::propagate(known);
            reservation = reserve_free(constraints);
        }
    }
    return reservation;
}

[[gnu::noinline]] Result<MappedRange> AddressSpace::map_with(const MapRequest& request,
                                                             MappingSource source,
                                                             MapFunctionRef call) {
    if (!is_valid(request))
        return tl::unexpected<Error>(validation_error(request));
    // Another user of the same iommufd may have mapped where we think it is free: such a place
    // stays taken, and the next one is tried.
    constexpr int kMaxConflicts = 16;
    for (int attempt = 0;; ++attempt) {
        const auto reservation = reserve(request);
        if (!reservation)
            return base::propagate(reservation);
        const MappedRange piece{.iova = reservation->range,
                                .address = request.address,
                                .access = request.access,
                                .source = source};
        auto made = call(piece);
        if (made) {
            table_.insert_at(reservation->place, piece, reservation->tracking);
            return piece;
        }
        if (made.error().errnum == EEXIST && !request.iova && attempt < kMaxConflicts)
            continue;
        if (reservation->tracking == MappingTable::IovaTracking::kTracked)
            iovas_.release(reservation->range);
        return tl::unexpected<Error>(with_hint(std::move(made.error()), piece));
    }
}

/// Where most maps go: the IOVA that is asked for, if it is free, or one released lately.
std::optional<AddressSpace::Reservation> AddressSpace::reserve_fast(const MapRequest& request) {
    using IovaTracking = MappingTable::IovaTracking;
    if (request.iova) {
        const IovaRange range{*request.iova, *request.iova + (request.length - 1)};
        const auto place = table_.insertion_point(range);
        return place && iovas_.covers(range) ? std::optional<Reservation>(Reservation{
                                                   range, *place, IovaTracking::kUntracked})
                                             : std::nullopt;
    }
    const auto range = iovas_.reuse_exact(to_constraints(request));
    if (!range)
        return std::nullopt;
    const auto place = table_.insertion_point(*range);
    if (place)
        return Reservation{*range, *place, IovaTracking::kTracked};
    iovas_.release(*range);
    return std::nullopt;
}

/// A refusal at an IOVA taken without a search: a stranger's mapping there is a reason to look for
/// another one, unless the caller wants this one.
[[gnu::noinline]] Result<MappedRange> AddressSpace::handle_map_error(
    Error error, const MappedRange& piece, const MapRequest& request,
    MappingTable::IovaTracking tracking) {
    const bool chosen = tracking == MappingTable::IovaTracking::kTracked;
    if (chosen && error.errnum == EEXIST)
        return map_with_search(request);
    if (chosen)
        iovas_.release(piece.iova);
    return tl::unexpected<Error>(with_hint(std::move(error), piece));
}

[[gnu::noinline]] Result<MappedRange> AddressSpace::map_with_search(const MapRequest& request) {
    auto map = [this](const MappedRange& piece) { return backend_->map(piece); };
    return map_with(request, MappingSource::kMemory, MapFunctionRef(map));
}

/// Most maps need no search, and the fewer steps the less there is beside the ioctl.
Result<MappedRange> AddressSpace::map_locked(const MapRequest& request) {
    const auto reservation = is_valid(request) ? reserve_fast(request) : std::nullopt;
    if (!reservation)
        return map_with_search(request);
    const MappedRange piece{
        .iova = reservation->range, .address = request.address, .access = request.access};
    auto made = backend_->map(piece);
    if (!made)
        return handle_map_error(std::move(made.error()), piece, request, reservation->tracking);
    table_.insert_at(reservation->place, piece, reservation->tracking);
    return piece;
}

[[gnu::flatten]] Result<MappedRange> AddressSpace::map(const MapRequest& request) {
    const std::unique_lock lock(mutex_);
    return map_locked(request);
}

Result<Mapping> AddressSpace::map_scoped(const MapRequest& request) {
    const auto mapped = map(request);
    if (!mapped)
        return base::propagate(mapped);
    return Mapping(shared_from_this(), *mapped);
}

Result<MappedRange> AddressSpace::map_keyed(std::uint64_t key, const MapRequest& request) {
    const std::unique_lock lock(mutex_);
    if (keyed_.contains(key))
        return base::fail(Code::kBusy, where(request), "key " + std::to_string(key),
                          "it has a mapping already");
    auto mapped = map_locked(request);
    if (mapped)
        keyed_.emplace(key, mapped->iova);
    return mapped;
}

}  // namespace vfio

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
#include "vfio/error.hpp"

namespace vfio {

namespace {

constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLargestPage = std::uint64_t{1} << 30;

/// Huge pages of the memory meet huge pages of the IOMMU only if both addresses are congruent.
IovaAllocator::Wanted wanted_of(const MapRequest& request) {
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

bool AddressSpace::sound(const MapRequest& request) const {
    return request.length != 0 && request.length - 1 <= kLast - request.address &&
           (!request.iova || request.length - 1 <= kLast - *request.iova) && live() &&
           granule_ != 0 && ((request.address | request.length) & (granule_ - 1)) == 0;
}

/// What could never be right is refused with the reason that the kernel's EINVAL does not give.
Error AddressSpace::unsound(const MapRequest& request) const {
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
        return sysfs::fail(Code::kUnsupported, where(request), object,
                           "there is no translation: devices see physical addresses")
            .value();
    if (!live() || granule_ == 0)
        return sysfs::fail(Code::kRefused, where(request), object, "no device is attached yet")
            .value();
    return invalid(EINVAL, "address and length must be multiples of " + hex_text(granule_));
}

/// Why a range cannot be had: outside the windows, or taken.
Error AddressSpace::no_room(const IovaRange& range) const {
    Error failed;
    if (const auto fits = iovas_.fits(range)) {
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

[[gnu::noinline]] Result<AddressSpace::Spot> AddressSpace::place_fixed(const IovaRange& range) {
    if (iovas_.covers(range))
        if (const auto place = table_.room_for(range))
            return Spot{range, *place, MappingTable::Taken::kUnknown};
    return tl::unexpected<Error>(no_room(range));
}

/// A free range that no mapping overlaps. Of mappings at IOVAs of the callers' own choice the
/// allocator hears when it comes upon one, and of all of them when it finds no room: each once.
Result<IovaRange> AddressSpace::allocate(const IovaAllocator::Wanted& wanted) {
    using Taken = MappingTable::Taken;
    for (;;) {
        auto range = iovas_.allocate(wanted);
        if (table_.unknown() == 0 || (!range && range.error().errnum != ENOSPC))
            return range;
        if (!range) {
            for (const IovaRange& unknown : table_.ranges(Taken::kUnknown)) {
                iovas_.take(unknown);
                table_.mark_known(unknown);
            }
            return iovas_.allocate(wanted);
        }
        const auto there = table_.first_overlap(*range);
        if (!there)
            return range;
        iovas_.release(*range);
        iovas_.take(there->iova);
        table_.mark_known(there->iova);
    }
}

Result<AddressSpace::Spot> AddressSpace::choose(const IovaAllocator::Wanted& wanted) {
    const auto range = allocate(wanted);
    if (!range)
        return sysfs::propagate(range);
    const auto place = table_.room_for(*range);
    assert(place);
    return Spot{*range, *place, MappingTable::Taken::kKnown};
}

Result<AddressSpace::Spot> AddressSpace::place(const MapRequest& request) {
    if (request.iova)
        return place_fixed({*request.iova, *request.iova + (request.length - 1)});
    // The alignment that was not asked for is a wish, so without room for it any aligned place will
    // do; one asked for is an order.
    const bool wish = request.alignment == 0;
    IovaAllocator::Wanted wanted = wanted_of(request);
    auto spot = choose(wanted);
    if (!spot && wish && spot.error().errnum == ENOSPC) {
        wanted.alignment = 0;
        spot = choose(wanted);
    }
    if (!spot && spot.error().errnum == ENOSPC && !request.within) {
        if (const auto grown = backing_->grow(request.length)) {
            if (auto known = refresh(); !known)
                return sysfs::propagate(known);
            spot = choose(wanted);
        }
    }
    return spot;
}

[[gnu::noinline]] Result<Mapped> AddressSpace::map_with(const MapRequest& request, Origin origin,
                                                        MapCall call) {
    if (!sound(request))
        return tl::unexpected<Error>(unsound(request));
    // Another user of the same iommufd may have mapped where we think it is free: such a place
    // stays taken, and the next one is tried.
    constexpr int kStrangers = 16;
    for (int attempt = 0;; ++attempt) {
        const auto spot = place(request);
        if (!spot)
            return sysfs::propagate(spot);
        const Mapped piece{.iova = spot->range,
                           .address = request.address,
                           .access = request.access,
                           .origin = origin};
        auto made = call(piece);
        if (made) {
            table_.insert_at(spot->place, piece, spot->taken);
            return piece;
        }
        if (made.error().errnum == EEXIST && !request.iova && attempt < kStrangers)
            continue;
        if (spot->taken == MappingTable::Taken::kKnown)
            iovas_.release(spot->range);
        return tl::unexpected<Error>(advised(std::move(made.error()), piece));
    }
}

/// Where most maps go: the IOVA that is asked for, if it is free, or one released lately.
std::optional<AddressSpace::Spot> AddressSpace::spot_at_once(const MapRequest& request) {
    using Taken = MappingTable::Taken;
    if (request.iova) {
        const IovaRange range{*request.iova, *request.iova + (request.length - 1)};
        const auto place = table_.room_for(range);
        return place && iovas_.covers(range)
                   ? std::optional<Spot>(Spot{range, *place, Taken::kUnknown})
                   : std::nullopt;
    }
    const auto range = iovas_.again(wanted_of(request));
    if (!range)
        return std::nullopt;
    const auto place = table_.room_for(*range);
    if (place)
        return Spot{*range, *place, Taken::kKnown};
    iovas_.release(*range);
    return std::nullopt;
}

/// A refusal at an IOVA taken without a search: a stranger's mapping there is a reason to look for
/// another one, unless the caller wants this one.
[[gnu::noinline]] Result<Mapped> AddressSpace::map_otherwise(Error error, const Mapped& piece,
                                                             const MapRequest& request,
                                                             MappingTable::Taken taken) {
    const bool chosen = taken == MappingTable::Taken::kKnown;
    if (chosen && error.errnum == EEXIST)
        return map_searching(request);
    if (chosen)
        iovas_.release(piece.iova);
    return tl::unexpected<Error>(advised(std::move(error), piece));
}

[[gnu::noinline]] Result<Mapped> AddressSpace::map_searching(const MapRequest& request) {
    auto map = [this](const Mapped& piece) { return backing_->map(piece); };
    return map_with(request, Origin::kMemory, MapCall(map));
}

/// Most maps need no search, and the fewer steps the less there is beside the ioctl.
Result<Mapped> AddressSpace::map_locked(const MapRequest& request) {
    const auto spot = sound(request) ? spot_at_once(request) : std::nullopt;
    if (!spot)
        return map_searching(request);
    const Mapped piece{.iova = spot->range, .address = request.address, .access = request.access};
    auto made = backing_->map(piece);
    if (!made)
        return map_otherwise(std::move(made.error()), piece, request, spot->taken);
    table_.insert_at(spot->place, piece, spot->taken);
    return piece;
}

[[gnu::flatten]] Result<Mapped> AddressSpace::map(const MapRequest& request) {
    const std::unique_lock lock(mutex_);
    return map_locked(request);
}

Result<Mapping> AddressSpace::map_scoped(const MapRequest& request) {
    const auto mapped = map(request);
    if (!mapped)
        return sysfs::propagate(mapped);
    return Mapping(shared_from_this(), *mapped);
}

Result<Mapped> AddressSpace::map_keyed(std::uint64_t key, const MapRequest& request) {
    const std::unique_lock lock(mutex_);
    if (keyed_.contains(key))
        return sysfs::fail(Code::kBusy, where(request), "key " + std::to_string(key),
                           "it has a mapping already");
    auto mapped = map_locked(request);
    if (mapped)
        keyed_.emplace(key, mapped->iova);
    return mapped;
}

}  // namespace vfio

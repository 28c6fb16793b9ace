// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/address_space_impl.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/space/mapping_lists.hpp"
#include "vfio/src/space/refusal_hints.hpp"

namespace vfio {

std::string map_operation(const MapRequest& request) {
    return request.iova ? "map at " + hex_text(*request.iova) : "map";
}

Result<void> AddressSpace::Impl::refresh() {
    geometry = TRY(backend->geometry());
    granule = 0;
    for (const Window& window : geometry.windows)
        granule = granule == 0 ? window.page_size : std::min(granule, window.page_size);
    iovas.set_windows(geometry.windows);
    return {};
}

tl::unexpected<Error> AddressSpace::Impl::refuse_map(Error error, const MappedRange& piece) const {
    return tl::unexpected<Error>(explain_map_refusal(std::move(error), piece, backend->backend(),
                                                     geometry, iovas.table(), calls));
}

Result<void> AddressSpace::Impl::replay() {
    std::vector<MappedRange> done;
    for (const MappedRange& mapped : iovas.table().all()) {
        auto made = backend->map(mapped);
        if (made) {
            done.push_back(mapped);
            continue;
        }
        for (const MappedRange& undo : done)
            static_cast<void>(backend->unmap(undo.iova));
        return refuse_map(std::move(made.error()), mapped);
    }
    return {};
}

Result<void> AddressSpace::Impl::attach_group(const GroupFd& group, const std::string& group_name) {
    const bool first = attached == 0;
    auto made = backend->attach_group(group, group_name);
    if (!made)
        return tl::unexpected<Error>(
            explain_attach_refusal(std::move(made.error()), group_name, iovas.table(), calls));
    Result<void> ready = refresh();
    if (ready && first && iovas.table().size() != 0 && !persistent)
        ready = replay();
    if (!ready) {
        static_cast<void>(backend->detach_group(group, group_name));
        static_cast<void>(refresh());
        return ready;
    }
    ++attached;
    return {};
}

Result<BoundDevice> AddressSpace::Impl::attach_device(const DeviceToAttach& device) {
    auto bound = backend->attach_device(device);
    if (!bound)
        return tl::unexpected<Error>(
            explain_attach_refusal(std::move(bound.error()), device.name, iovas.table(), calls));
    if (auto known = refresh(); !known) {
        static_cast<void>(backend->detach_device(device));
        return base::propagate(known);
    }
    ++attached;
    return bound;
}

/// A request that can never be right is refused here, with the reason that EINVAL does not give.
Error AddressSpace::Impl::validation_error(const MapRequest& request) const {
    const std::string operation = map_operation(request);
    const auto invalid = [&](int errnum, std::string why) {
        return fail_call(errnum, operation, object(), std::move(why)).value();
    };
    if (request.length == 0)
        return invalid(EINVAL, "the length is 0");
    if (!is_range(request.address, request.length) ||
        (request.iova && !is_range(*request.iova, request.length)))
        return invalid(EOVERFLOW, "the range wraps around");
    if (backend->backend() == Backend::kNoiommu)
        return base::fail(Code::kUnsupported, operation, object(),
                          "there is no translation: devices see physical addresses")
            .value();
    if (!is_live() || granule == 0)
        return base::fail(Code::kRefused, operation, object(), "no device is attached yet").value();
    return invalid(EINVAL, "address and length must be multiples of " + hex_text(granule));
}

Result<IovaReservations::Reservation> AddressSpace::Impl::reserve(const MapRequest& request) {
    auto reservation = iovas.reserve(request);
    if (!reservation && reservation.error().errnum == ENOSPC && !request.within &&
        backend->add_window(request.length)) {
        TRY(refresh());
        reservation = iovas.reserve(request);
    }
    if (!reservation && request.iova)
        reservation.error().object = object();
    return reservation;
}

[[gnu::noinline]] Result<MappedRange> AddressSpace::Impl::map_with(const MapRequest& request,
                                                                   MappingSource source,
                                                                   MapFunctionRef call) {
    if (!is_valid(request))
        return tl::unexpected<Error>(validation_error(request));
    // Another user of the same iommufd may have mapped where the allocator sees free IOVAs: they
    // stay reserved, and the next ones are tried.
    constexpr int kMaxConflicts = 16;
    for (int attempt = 0;; ++attempt) {
        const auto reservation = TRY(reserve(request));
        const MappedRange piece{.iova = reservation.range,
                                .address = request.address,
                                .access = request.access,
                                .source = source};
        auto made = call(piece);
        if (made) {
            iovas.commit(reservation, piece);
            return piece;
        }
        if (made.error().errnum == EEXIST && !request.iova && attempt < kMaxConflicts)
            continue;
        iovas.cancel(reservation);
        return refuse_map(std::move(made.error()), piece);
    }
}

/// The kernel refused an IOVA that was taken without a search. Where another user of the iommufd
/// has it, a search finds the next one, unless the caller asked for this one.
[[gnu::noinline]] Result<MappedRange> AddressSpace::Impl::handle_map_error(
    Error error, const MappedRange& piece, const MapRequest& request,
    const IovaReservations::Reservation& reservation) {
    if (reservation.tracking == IovaTracking::kTracked && error.errnum == EEXIST)
        return map_with_search(request);
    iovas.cancel(reservation);
    return refuse_map(std::move(error), piece);
}

[[gnu::noinline]] Result<MappedRange> AddressSpace::Impl::map_with_search(
    const MapRequest& request) {
    auto map = [this](const MappedRange& piece) { return backend->map(piece); };
    return map_with(request, MappingSource::kMemory, MapFunctionRef(map));
}

Result<std::vector<MappedRange>> AddressSpace::Impl::map_batch(
    std::span<const MapRequest> requests) {
    // Each request is validated by itself: two that are misaligned could be aligned once joined.
    for (const MapRequest& request : requests)
        if (!is_valid(request))
            return tl::unexpected<Error>(validation_error(request));
    std::vector<MappedRange> done;
    for (const MapRequest& run : coalesce(requests)) {
        auto mapped = map_locked(run);
        if (mapped) {
            done.push_back(*mapped);
            continue;
        }
        for (const MappedRange& undo : done)
            static_cast<void>(unmap_locked(undo.iova));
        return base::propagate(mapped);
    }
    return done;
}

[[gnu::noinline]] void AddressSpace::Impl::drop_own_memory(const IovaRange& range) {
    if (const auto own = own_memory.find(range.first); own != own_memory.end()) {
        calls.munmap(reinterpret_cast<void*>(own->second.address), own->second.iova.length());
        own_memory.erase(own);
    }
}

[[gnu::noinline]] Result<std::uint64_t> AddressSpace::Impl::unmap_covered(const IovaRange& range) {
    const std::vector<MappedRange> covered = iovas.table().overlapping(range);
    if (covered.empty())
        return 0;
    for (const MappedRange& mapped : {covered.front(), covered.back()})
        if (!range.contains(mapped.iova))
            return fail_call(EINVAL, "unmap " + text(range), object(),
                             "it cuts the mapping " + text(mapped.iova) +
                                 ", which can only be unmapped as a whole");
    const bool at_once = backend->unmap_scope() == IommuBackend::UnmapScope::kManyMappings;
    std::uint64_t bytes = 0;
    if (is_live() && at_once)
        bytes = TRY(backend->unmap({covered.front().iova.first, covered.back().iova.last}));
    for (const MappedRange& mapped : covered) {
        if (!is_live())
            bytes += mapped.iova.length();  // the kernel dropped them with the last group
        else if (!at_once)
            bytes += TRY(backend->unmap(mapped.iova));
        erase_mapping(*iovas.table().find_exact(mapped.iova), mapped.iova);
    }
    return bytes;
}

Result<void> AddressSpace::Impl::read_dirty(const IovaRange& range, std::uint64_t page_bytes,
                                            std::span<std::uint64_t> bitmap) {
    const std::string operation = "read dirty pages of " + text(range);
    if (!std::has_single_bit(page_bytes) || range.first > range.last)
        return fail_call(EINVAL, operation, object(), "the page size is a power of two");
    const std::uint64_t pages = (range.last - range.first) / page_bytes + 1;
    if (pages > bitmap.size() * 64)
        return fail_call(EINVAL, operation, object(),
                         "the bitmap needs " + std::to_string(pages) + " bits");
    return backend->read_dirty(range, page_bytes, bitmap);
}

Result<void> AddressSpace::Impl::adopt(std::span<const MappedRange> mappings,
                                       std::span<const Relocation> relocations) {
    MappingTable& table = iovas.table();
    const auto all =
        TRY(relocate(mappings.empty() ? table.all() : std::vector(mappings.begin(), mappings.end()),
                     relocations, object()));
    TRY(backend->adopt(all));
    table.clear();
    for (const MappedRange& mapped : all)
        table.insert(mapped);
    // The fds came with their groups and devices attached.
    attached = std::max(attached, 1U);
    return refresh();
}

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "vfio/address_space.hpp"
#include "vfio/src/space/iova_reservations.hpp"
#include "vfio/src/space/rw_lock.hpp"

namespace vfio {

/// The kernel's part of a map. Refers to a callable that outlives the call: what a std::function
/// would copy, to the heap at worst.
class MapFunctionRef {
  public:
    template <typename Callable>
    explicit MapFunctionRef(Callable& callable)
        : state_(&callable), call_([](void* state, const MappedRange& piece) {
              return (*static_cast<Callable*>(state))(piece);
          }) {}
    Result<void> operator()(const MappedRange& piece) const { return call_(state_, piece); }

  private:
    void* state_;
    Result<void> (*call_)(void*, const MappedRange&);
};

/// "map at 0x1000", "map": the operation, for errors.
[[nodiscard]] std::string map_operation(const MapRequest& request);

/// The state of an address space, and the steps of its operations. Every function needs the lock:
/// shared for the const ones, exclusive for the others.
struct AddressSpace::Impl {
    Impl(Calls& the_calls, std::unique_ptr<IommuBackend> iommu_backend)
        : calls(the_calls),
          backend(std::move(iommu_backend)),
          persistent(backend->lifetime() == IommuBackend::Lifetime::kPersistent) {}

    /// Whether the kernel keeps mappings now: a container without a group has none.
    [[nodiscard]] bool is_live() const { return attached != 0 || persistent; }
    [[nodiscard]] bool is_valid(const MapRequest& request) const {
        return is_range(request.address, request.length) &&
               (!request.iova || is_range(*request.iova, request.length)) && is_live() &&
               granule != 0 && ((request.address | request.length) & (granule - 1)) == 0;
    }
    /// Why is_valid() is false.
    [[nodiscard]] Error validation_error(const MapRequest& request) const;

    [[nodiscard]] Result<MappedRange> map_locked(const MapRequest& request);
    [[nodiscard]] Result<MappedRange> map_with(const MapRequest& request, MappingSource source,
                                               MapFunctionRef call);
    [[nodiscard]] Result<std::vector<MappedRange>> map_batch(std::span<const MapRequest> requests);
    [[nodiscard]] Result<std::uint64_t> unmap_locked(const IovaRange& range);

    [[nodiscard]] Result<void> attach_group(const GroupFd& group, const std::string& group_name);
    [[nodiscard]] Result<BoundDevice> attach_device(const DeviceToAttach& device);
    [[nodiscard]] Result<void> read_dirty(const IovaRange& range, std::uint64_t page_bytes,
                                          std::span<std::uint64_t> bitmap);
    [[nodiscard]] Result<void> adopt(std::span<const MappedRange> mappings,
                                     std::span<const Relocation> relocations);

    /// Reads the backend's geometry again.
    [[nodiscard]] Result<void> refresh();
    [[nodiscard]] std::string object() const { return std::string(name(backend->backend())); }

    Calls& calls;
    std::unique_ptr<IommuBackend> backend;
    mutable RwLock mutex;
    Geometry geometry;
    std::uint64_t granule = 0;  ///< the smallest page of its windows; 0: there is none
    const bool persistent;      ///< mappings stay when the last group leaves
    IovaReservations iovas;
    std::unordered_map<std::uint64_t, IovaRange> keyed;
    std::unordered_map<std::uint64_t, MappedRange> own_memory;  ///< by IOVA: to be unmapped here
    unsigned attached = 0;

  private:
    /// Maps everything in the table again: the container lost it with its last group.
    [[nodiscard]] Result<void> replay();
    [[nodiscard]] tl::unexpected<Error> refuse_map(Error error, const MappedRange& piece) const;
    [[nodiscard]] Result<IovaReservations::Reservation> reserve(const MapRequest& request);
    [[nodiscard]] Result<MappedRange> map_with_search(const MapRequest& request);
    [[nodiscard]] Result<MappedRange> handle_map_error(
        Error error, const MappedRange& piece, const MapRequest& request,
        const IovaReservations::Reservation& reservation);
    [[nodiscard]] Result<std::uint64_t> unmap_covered(const IovaRange& range);
    void erase_mapping(MappingTable::MappingCursor place, const IovaRange& range);
    void drop_own_memory(const IovaRange& range);
};

// The path of every map and unmap, inlined into the caller.

/// Most maps need no search.
inline Result<MappedRange> AddressSpace::Impl::map_locked(const MapRequest& request) {
    const auto reservation = is_valid(request) ? iovas.reserve_fast(request) : std::nullopt;
    if (!reservation)
        return map_with_search(request);
    const MappedRange piece{
        .iova = reservation->range, .address = request.address, .access = request.access};
    auto made = backend->map(piece);
    if (!made)
        return handle_map_error(std::move(made.error()), piece, request, *reservation);
    iovas.commit(*reservation, piece);
    return piece;
}

inline void AddressSpace::Impl::erase_mapping(MappingTable::MappingCursor place,
                                              const IovaRange& range) {
    iovas.erase(place, range);
    if (!own_memory.empty())
        drop_own_memory(range);
}

/// Most unmaps take exactly what was mapped.
inline Result<std::uint64_t> AddressSpace::Impl::unmap_locked(const IovaRange& range) {
    const auto place = is_live() ? iovas.table().find_exact(range) : std::nullopt;
    if (!place)
        return unmap_covered(range);
    auto unmapped = backend->unmap(range);
    if (unmapped)
        erase_mapping(*place, range);
    return unmapped;
}

}  // namespace vfio

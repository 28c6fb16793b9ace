// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/file_mapping.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "base/try.hpp"

namespace vfio {

namespace {

/// Maps the file into this process first, for as long as it is mapped for the devices.
/// A container pins addresses, not files. A device's own memory cannot be mapped this way: its
/// dma-buf has no mmap.
Result<MappedRange> map_through_memory(AddressSpace::Impl& space, const FileRequest& request) {
    if (request.source == MappingSource::kBar)
        return base::fail(Code::kUnsupported, "map a device's memory", space.object(),
                          "only iommufd takes a dma-buf",
                          "a container takes the address of the mapped BAR instead");
    MapRequest where = request.where;
    if (where.address != 0)
        return space.map_locked(where);
    const int protection = where.access == DmaAccess::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
    void* const address = TRY(space.calls.mmap({.fd = request.file.fd,
                                                .length = where.length,
                                                .protection = protection,
                                                .offset = request.file.offset}));
    where.address = reinterpret_cast<std::uint64_t>(address);
    auto mapped = space.map_locked(where);
    if (mapped)
        space.own_memory.emplace(mapped->iova.first, *mapped);
    else
        space.calls.munmap(address, where.length);
    return mapped;
}

}  // namespace

Result<MappedRange> map_file(AddressSpace::Impl& space, const FileRequest& request) {
    if (space.backend->backend() != Backend::kIommufd)
        return map_through_memory(space, request);
    auto map = [&](const MappedRange& piece) {
        return space.backend->map_file(request.file, piece);
    };
    auto mapped = space.map_with(request.where, request.source, MapFunctionRef(map));
    // A kernel without MAP_FILE (before 6.13) still maps the memory of the file.
    if (!mapped && mapped.error().errnum == ENOTTY && request.source == MappingSource::kFile)
        return map_through_memory(space, request);
    return mapped;
}

Result<MappedRange> share_mapping(AddressSpace::Impl& space, IommuBackend& from,
                                  const MappedRange& source, std::optional<std::uint64_t> iova) {
    const MapRequest request{.address = source.address,
                             .length = source.iova.length(),
                             .access = source.access,
                             .iova = iova};
    auto copy = [&](const MappedRange& piece) {
        return space.backend->copy(from, source, piece.iova);
    };
    auto copied = space.map_with(request, source.source, MapFunctionRef(copy));
    if (copied || copied.error().code != Code::kUnsupported)
        return copied;
    if (source.address == 0)
        return base::fail(Code::kUnsupported, "share " + text(source.iova), space.object(),
                          "the file is not mapped in this process, so it cannot be mapped again");
    return space.map_locked(request);
}

}  // namespace vfio

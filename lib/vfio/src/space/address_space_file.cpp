// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/mman.h>

#include <cerrno>
#include <mutex>
#include <shared_mutex>

#include "vfio/address_space.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

/// A container pins addresses, not files: the file is mapped into this process, for as long as it
/// is mapped for the device. A device's own memory has no such way round: its dma-buf cannot be
/// mapped.
Result<MappedRange> AddressSpace::map_through_memory(const FileRequest& request) {
    if (request.source == MappingSource::kBar)
        return base::fail(Code::kUnsupported, "map a device's memory", std::string(name(backend())),
                          "only iommufd takes a dma-buf",
                          "a container takes the address of the mapped BAR instead");
    MapRequest where = request.where;
    if (where.address != 0)
        return map_locked(where);
    const int protection = where.access == DmaAccess::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
    const auto address = calls_.mmap({.fd = request.file.fd,
                                      .length = where.length,
                                      .protection = protection,
                                      .offset = request.file.offset});
    if (!address)
        return base::propagate(address);
    where.address = reinterpret_cast<std::uint64_t>(*address);
    auto mapped = map_locked(where);
    if (mapped)
        own_memory_.emplace(mapped->iova.first, *mapped);
    else
        calls_.munmap(*address, where.length);
    return mapped;
}

Result<MappedRange> AddressSpace::map_file(const FileRequest& request) {
    const std::unique_lock lock(mutex_);
    if (backend() != Backend::kIommufd)
        return map_through_memory(request);
    auto map = [&](const MappedRange& piece) { return backend_->map_file(request.file, piece); };
    auto mapped = map_with(request.where, request.source, MapFunctionRef(map));
    // A kernel without MAP_FILE (before 6.13) still maps the memory of the file.
    if (!mapped && mapped.error().errnum == ENOTTY && request.source == MappingSource::kFile)
        return map_through_memory(request);
    return mapped;
}

Result<MappedRange> AddressSpace::share(const AddressSpace& from, const IovaRange& range,
                                        std::optional<std::uint64_t> iova) {
    if (&from == this)
        return base::fail(Code::kInvalid, "share " + text(range), "address space",
                          "it is the same address space");
    std::optional<MappedRange> source;
    {
        const std::shared_lock lock(from.mutex_);
        source = from.table_.at_iova(range);
    }
    if (!source || source->iova != range)
        return fail_call(ENOENT, "share " + text(range), std::string(name(from.backend())),
                         "not exactly one mapping there");
    MapRequest request{.address = source->address,
                       .length = range.length(),
                       .access = source->access,
                       .iova = iova};
    const std::unique_lock lock(mutex_);
    auto copy = [&](const MappedRange& piece) {
        return backend_->copy(*from.backend_, *source, piece.iova);
    };
    auto copied = map_with(request, source->source, MapFunctionRef(copy));
    if (copied || copied.error().code != Code::kUnsupported)
        return copied;
    if (source->address == 0)
        return base::fail(Code::kUnsupported, "share " + text(range), std::string(name(backend())),
                          "the file is not mapped in this process, so it cannot be mapped again");
    return map_locked(request);
}

}  // namespace vfio

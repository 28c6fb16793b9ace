// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/mman.h>

#include <cerrno>
#include <mutex>
#include <shared_mutex>

#include "vfio/address_space.hpp"
#include "vfio/error.hpp"

namespace vfio {

/// A container pins addresses, not files: the file is mapped into this process, for as long as it
/// is mapped for the device. A device's own memory has no such way round: its dma-buf cannot be
/// mapped.
Result<Mapped> AddressSpace::map_through_memory(const FileRequest& request) {
    if (request.origin == Origin::kBar)
        return sysfs::fail(Code::kUnsupported, "map a device's memory",
                           std::string(name(backend())), "only iommufd takes a dma-buf",
                           "a container takes the address of the mapped BAR instead");
    MapRequest where = request.where;
    if (where.address != 0)
        return map_locked(where);
    const int protection = where.access == Access::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
    const auto address = calls_.mmap({.fd = request.file.fd,
                                      .length = where.length,
                                      .protection = protection,
                                      .offset = request.file.offset});
    if (!address)
        return sysfs::propagate(address);
    where.address = reinterpret_cast<std::uint64_t>(*address);
    auto mapped = map_locked(where);
    if (mapped)
        own_memory_.emplace(mapped->iova.first, *mapped);
    else
        calls_.munmap(*address, where.length);
    return mapped;
}

Result<Mapped> AddressSpace::map_file(const FileRequest& request) {
    const std::unique_lock lock(mutex_);
    if (backend() != Backend::kIommufd)
        return map_through_memory(request);
    auto map = [&](const Mapped& piece) { return backing_->map_file(request.file, piece); };
    auto mapped = map_with(request.where, request.origin, MapCall(map));
    // A kernel without MAP_FILE (before 6.13) still maps the memory of the file.
    if (!mapped && mapped.error().errnum == ENOTTY && request.origin == Origin::kFile)
        return map_through_memory(request);
    return mapped;
}

Result<Mapped> AddressSpace::share(const AddressSpace& from, const IovaRange& range,
                                   std::optional<std::uint64_t> iova) {
    if (&from == this)
        return sysfs::fail(Code::kInvalid, "share " + text(range), "address space",
                           "it is the same address space");
    std::optional<Mapped> source;
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
    auto copy = [&](const Mapped& piece) {
        return backing_->copy(*from.backing_, *source, piece.iova);
    };
    auto copied = map_with(request, source->origin, MapCall(copy));
    if (copied || copied.error().code != Code::kUnsupported)
        return copied;
    if (source->address == 0)
        return sysfs::fail(Code::kUnsupported, "share " + text(range), std::string(name(backend())),
                           "the file is not mapped in this process, so it cannot be mapped again");
    return map_locked(request);
}

}  // namespace vfio

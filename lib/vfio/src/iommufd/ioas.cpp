// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/ioas.hpp"

#include <cerrno>

#include "vfio/abi/iommufd.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

std::vector<abi::IommuIovaRange> kernel_ranges(std::span<const IovaRange> ranges) {
    std::vector<abi::IommuIovaRange> out;
    for (const IovaRange& range : ranges)
        out.push_back({.start = range.first, .last = range.last});
    return out;
}

}  // namespace

Result<Ioas> Ioas::allocate(SharedIommu iommu) {
    abi::IoasAlloc alloc{.size = sizeof alloc, .flags = 0, .out_ioas_id = 0};
    const int answer = iommu->call(abi::IommuCall::kIoasAlloc, &alloc);
    if (answer < 0)
        return fail_call(-answer, "allocate an address space", "/dev/iommu");
    return Ioas(IommuObject(std::move(iommu), alloc.out_ioas_id));
}

tl::unexpected<Error> Ioas::map_failed(int answer, const IovaRange& range) const {
    return fail_call(-answer, "map " + text(range), object());
}

Result<void> Ioas::map_file(const IommuBackend::FileSlice& file, const MappedRange& piece) const {
    abi::IoasMapFile map{.size = sizeof map,
                         .flags = to_map_flags(piece.access),
                         .ioas_id = id_,
                         .fd = file.fd,
                         .start = file.offset,
                         .length = piece.iova.length(),
                         .iova = piece.iova.first};
    const int answer = iommu_->call(abi::IommuCall::kIoasMapFile, &map);
    return check_answer(answer, "map a file at " + text(piece.iova), object());
}

Result<void> Ioas::copy(const Ioas& source, const IovaRange& from, const IovaRange& to,
                        DmaAccess access) const {
    abi::IoasCopy copy{.size = sizeof copy,
                       .flags = to_map_flags(access),
                       .dst_ioas_id = id_,
                       .src_ioas_id = source.id_,
                       .length = from.length(),
                       .dst_iova = to.first,
                       .src_iova = from.first};
    const int answer = iommu_->call(abi::IommuCall::kIoasCopy, &copy);
    return check_answer(
        answer, "copy " + text(from) + " of " + source.object() + " to " + text(to), object(),
        answer == -ENOENT ? "the source is not mapped there, whole and in one piece" : "");
}

Result<std::uint64_t> Ioas::unmap_failed(int answer, const IovaRange& range) const {
    if (answer == -ENOENT)
        return 0;
    return fail_call(-answer, "unmap " + text(range), object(),
                     answer == -EBUSY ? "a hardware queue or a device's own access holds it" : "");
}

Result<Ioas::Ranges> Ioas::ranges() const {
    std::vector<abi::IommuIovaRange> room(16);
    abi::IoasIovaRanges query{};
    // Devices come and go meanwhile: the number can grow between two calls.
    for (int round = 0; round < 4; ++round) {
        query = {.size = sizeof query,
                 .ioas_id = id_,
                 .num_iovas = static_cast<std::uint32_t>(room.size()),
                 .reserved = 0,
                 .allowed_iovas = reinterpret_cast<std::uint64_t>(room.data()),
                 .out_iova_alignment = 0};
        const int answer = iommu_->call(abi::IommuCall::kIoasIovaRanges, &query);
        if (answer == -EMSGSIZE && query.num_iovas > room.size() && query.num_iovas <= 1U << 20) {
            room.resize(query.num_iovas);
            continue;
        }
        if (answer < 0)
            return fail_call(-answer, "get usable ranges", object());
        Ranges out{.usable = {}, .alignment = query.out_iova_alignment};
        for (std::size_t i = 0; i < query.num_iovas && i < room.size(); ++i)
            out.usable.push_back({room[i].start, room[i].last});
        return out;
    }
    return fail_call(EMSGSIZE, "get usable ranges", object());
}

Result<void> Ioas::allow_ranges(std::span<const IovaRange> wanted) const {
    std::vector<abi::IommuIovaRange> kernel = kernel_ranges(wanted);
    abi::IoasAllowIovas allow{.size = sizeof allow,
                              .ioas_id = id_,
                              .num_iovas = static_cast<std::uint32_t>(kernel.size()),
                              .reserved = 0,
                              .allowed_iovas = reinterpret_cast<std::uint64_t>(kernel.data())};
    const int answer = iommu_->call(abi::IommuCall::kIoasAllowIovas, &allow);
    return check_answer(answer, "allow ranges", object(),
                        answer == -EADDRINUSE ? "a device here cannot reach all of them" : "");
}

Result<void> Ioas::set_option(std::uint32_t option, std::uint64_t value) const {
    const bool whole_context = option == abi::kOptionRlimitMode;
    abi::IommuOption set{.size = sizeof set,
                         .option_id = option,
                         .op = abi::kOptionSet,
                         .reserved = 0,
                         .object_id = whole_context ? 0 : id_,
                         .val64 = value};
    const int answer = iommu_->call(abi::IommuCall::kOption, &set);
    return check_answer(answer, whole_context ? "choose the accounting" : "choose huge pages",
                        whole_context ? "/dev/iommu" : object(),
                        answer == -EPERM   ? "needs CAP_SYS_RESOURCE"
                        : answer == -EBUSY ? "only before anything is made in this iommufd"
                                           : "");
}

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/type1_backend.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/try.hpp"
#include "vfio/abi/container.hpp"
#include "vfio/src/abi/argsz_call.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/abi/page_size.hpp"

namespace vfio {
namespace {

void read_ranges(const Capability& cap, std::uint64_t page, std::vector<Window>& windows) {
    const auto fixed = cap.as<abi::Type1CapIovaRange>();
    if (!fixed)
        return;
    windows.clear();
    for (std::uint32_t i = 0; i < fixed->nr_iovas; ++i) {
        const auto range = cap.at<abi::Type1IovaRange>(sizeof(abi::Type1CapIovaRange) +
                                                       i * sizeof(abi::Type1IovaRange));
        if (!range)
            break;  // says more ranges than it has bytes for
        if (range->start <= range->end)
            windows.push_back({{range->start, range->end}, page});
    }
    std::sort(windows.begin(), windows.end());
}

abi::Extension extension(Backend backend) {
    return backend == Backend::kType1 ? abi::Extension::kType1 : abi::Extension::kType1v2;
}

/// Large enough for the three capabilities and a dozen ranges, so that one call is enough.
struct Type1InfoBuffer : abi::Type1Info {
    std::byte room[400];
};

}  // namespace

Type1Details parse_type1_info(std::span<const std::byte> info) {
    Type1Details out;
    abi::Type1Info fixed{};
    if (!info.empty())  // memcpy takes no null pointer, not for 0 bytes either
        std::memcpy(&fixed, info.data(), std::min(info.size(), sizeof fixed));
    out.geometry.page_sizes = (fixed.flags & abi::kType1InfoPgsizes) != 0 ? fixed.iova_pgsizes : 0;
    const std::uint64_t smallest = out.geometry.page_sizes & -out.geometry.page_sizes;
    const std::uint64_t page = smallest != 0 ? smallest : page_size();
    out.geometry.windows = {{{0, std::numeric_limits<std::uint64_t>::max()}, page}};
    if ((fixed.flags & abi::kType1InfoCaps) != 0)
        out.caps = read_cap_chain(info, sizeof fixed, fixed.cap_offset);
    if (const Capability* cap = out.caps.find(abi::kType1CapIovaRange))
        read_ranges(*cap, page, out.geometry.windows);
    if (const Capability* cap = out.caps.find(abi::kType1CapMigration))
        if (const auto migration = cap->as<abi::Type1CapMigration>()) {
            out.geometry.dirty_page_sizes = migration->pgsize_bitmap;
            out.max_dirty_bitmap = migration->max_dirty_bitmap_size;
        }
    if (const Capability* cap = out.caps.find(abi::kType1CapDmaAvail))
        if (const auto avail = cap->as<abi::Type1CapDmaAvail>())
            // The compatibility layer says U32_MAX: there is no limit.
            if (avail->avail != std::numeric_limits<std::uint32_t>::max())
                out.geometry.dma_avail = avail->avail;
    return out;
}

Type1Backend::Type1Backend(Calls& calls, ContainerFd fd, Backend backend,
                           Container::FirstGroup first)
    : container_(calls, std::move(fd), extension(backend), first), backend_(backend) {}

Type1Backend::~Type1Backend() = default;

Result<Geometry> Type1Backend::geometry() {
    if (container_.groups() == 0 && !has_ioas_)
        return Geometry{};
    const auto info = argsz_call(
        Type1InfoBuffer{},
        [&](void* bytes) { return container_.call(abi::ContainerCall::kType1GetInfo, bytes); },
        "get IOMMU info", std::string(name(backend_)));
    if (!info)
        return base::propagate(info);
    return parse_type1_info(info->bytes).geometry;
}

Result<void> Type1Backend::map(const MappedRange& piece) {
    abi::DmaMap map{.argsz = sizeof map,
                    .flags = dma_map_flags(piece.access),
                    .vaddr = piece.address,
                    .iova = piece.iova.first,
                    .size = piece.iova.length()};
    const int answer = container_.call(abi::ContainerCall::kMapDma, &map);
    if (answer < 0)
        return map_failed(answer, piece.iova);
    const Result<void> made;  // not `return {}`, which clears the room for an error as well
    return made;
}

tl::unexpected<Error> Type1Backend::map_failed(int answer, const IovaRange& range) const {
    return fail_call(-answer, "map " + text(range), std::string(name(backend_)));
}

Result<std::uint64_t> Type1Backend::unmap_failed(int answer, const IovaRange& range) const {
    // The compatibility layer has nothing where type1 has zero bytes.
    if (answer == -ENOENT)
        return 0;
    return fail_call(-answer, "unmap " + text(range), std::string(name(backend_)));
}

Result<std::uint64_t> Type1Backend::unmap(const IovaRange& range) {
    // The whole space has no 64-bit length: two halves, neither of which cuts a mapping that is not
    // the whole space itself.
    abi::DmaUnmap unmap{
        .argsz = sizeof unmap, .flags = 0, .iova = range.first, .size = range.length()};
    const int answer = container_.call(abi::ContainerCall::kUnmapDma, &unmap);
    if (answer < 0)
        return unmap_failed(answer, range);
    return unmap.size;
}

Result<void> Type1Backend::attach_group(const GroupFd& group, const std::string& object) {
    auto added = container_.add(group, object);
    has_ioas_ = has_ioas_ || (added && backend_ == Backend::kIommufdCompat);
    return added;
}

Result<void> Type1Backend::detach_group(const GroupFd& group, const std::string& object) {
    return container_.remove(group, object);
}

Result<void> Type1Backend::dirty(std::uint32_t flag, const char* operation) {
    abi::DirtyPages pages{.argsz = sizeof pages, .flags = flag};
    const int answer = container_.call(abi::ContainerCall::kDirtyPages, &pages);
    if (answer == -ENOTTY)
        return unsupported(operation, "the compatibility layer has no dirty tracking");
    return check_answer(answer, operation, std::string(name(backend_)),
                        answer == -EACCES ? "only type1v2 tracks dirty pages" : "");
}

Result<void> Type1Backend::start_dirty() {
    return dirty(abi::kDirtyPagesStart, "start tracking dirty pages");
}

Result<void> Type1Backend::stop_dirty() {
    return dirty(abi::kDirtyPagesStop, "stop tracking dirty pages");
}

Result<void> Type1Backend::read_dirty(const IovaRange& range, std::uint64_t page_size,
                                      std::span<std::uint64_t> bitmap) {
    struct {
        abi::DirtyPages pages;
        abi::DirtyBitmapGet get;
    } request{.pages = {.argsz = sizeof request, .flags = abi::kDirtyPagesGetBitmap},
              .get = {.iova = range.first,
                      .size = range.length(),
                      .bitmap = {.pgsize = page_size,
                                 .size = bitmap.size_bytes(),
                                 .data = reinterpret_cast<std::uint64_t>(bitmap.data())}}};
    static_assert(sizeof request == 48);
    const int answer = container_.call(abi::ContainerCall::kDirtyPages, &request);
    return check_answer(answer, "read dirty pages of " + text(range), std::string(name(backend_)),
                        answer == -EINVAL ? "tracking must be on, the page size the smallest "
                                            "supported one, and the range whole mappings"
                                          : "");
}

/// VFIO_UPDATE_VADDR: first every address is declared invalid, then each mapping gets its new one;
/// DMA continues meanwhile; only a device that has to pin or translate waits.
Result<void> Type1Backend::adopt(std::span<const MappedRange> all) {
    const auto offered = TRY(container_.check(abi::Extension::kUpdateVaddr));
    if (offered == 0)
        return unsupported("adopt mappings",
                           "VFIO_UPDATE_VADDR is not offered (the compatibility "
                           "layer and containers with an mdev have none)");
    abi::DmaUnmap unmap{.argsz = sizeof unmap,
                        .flags = abi::kDmaUnmapAll | abi::kDmaUnmapVaddr,
                        .iova = 0,
                        .size = 0};
    int answer = container_.call(abi::ContainerCall::kUnmapDma, &unmap);
    // EINVAL: another process (the one before this) has done it.
    if (answer < 0 && answer != -EINVAL)
        return fail_call(-answer, "invalidate addresses", std::string(name(backend_)));
    for (const MappedRange& each : all) {
        abi::DmaMap map{.argsz = sizeof map,
                        .flags = abi::kDmaMapVaddr,
                        .vaddr = each.address,
                        .iova = each.iova.first,
                        .size = each.iova.length()};
        answer = container_.call(abi::ContainerCall::kMapDma, &map);
        if (answer < 0)
            return fail_call(
                -answer, "give " + text(each.iova) + " a new address", std::string(name(backend_)),
                answer == -ENOMEM
                    ? memlock_hint(container_.calls().memlock_limit(), 0, each.iova.length())
                    : "");
    }
    return {};
}

}  // namespace vfio

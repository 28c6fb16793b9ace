// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_type1.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

using namespace vfio::abi;

FakeType1::~FakeType1() {
    while (!maps.empty())
        drop(maps.begin());
}

int FakeType1::extension(Extension extension) const {
    switch (extension) {
        case Extension::kType1:
        case Extension::kType1v2:
        case Extension::kUnmapAll:
            return 1;
        case Extension::kUpdateVaddr:
            return kind_ != Kind::kCompat && !has_mdev ? 1 : 0;
        case Extension::kDmaCc:
            return 1;
        case Extension::kSpaprTce:
        case Extension::kEeh:
        case Extension::kReservedNesting:
        case Extension::kSpaprTceV2:
        case Extension::kNoiommu:
            return 0;
    }
    return 0;
}

int FakeType1::call(ContainerCall call, void* argument) {
    const auto nr = static_cast<unsigned long>(call);
    if (nr == static_cast<unsigned long>(ContainerCall::kType1GetInfo))
        return info(argument);
    if (call == ContainerCall::kMapDma)
        return map(argument);
    if (call == ContainerCall::kUnmapDma)
        return unmap(argument);
    if (nr == static_cast<unsigned long>(ContainerCall::kDirtyPages))
        return kind_ == Kind::kCompat ? -ENOTTY : dirty_call(argument);
    return -ENOTTY;
}

int FakeType1::info(void* argument) const {
    struct {
        Type1Info info;
        Type1CapDmaAvail avail;
        std::uint32_t pad;
        Type1CapMigration migration;
    } out{};
    Type1Info in;
    std::memcpy(&in, argument, kType1InfoOldSize);
    if (in.argsz < kType1InfoOldSize)
        return -EINVAL;
    std::vector<std::byte> bytes;
    const auto append = [&bytes](const void* data, std::size_t size) {
        const auto* from = static_cast<const std::byte*>(data);
        bytes.insert(bytes.end(), from, from + size);
        bytes.resize((bytes.size() + 7) / 8 * 8);
    };
    const std::uint32_t ranges_size =
        static_cast<std::uint32_t>(sizeof(Type1CapIovaRange) + usable.size() * 16);
    std::uint32_t next = sizeof(Type1Info) + 16;
    out.avail = {{kType1CapDmaAvail, 1, next}, kind_ == Kind::kCompat ? UINT32_MAX : entries_left};
    append(&out.avail, sizeof out.avail);
    if (kind_ != Kind::kCompat) {
        next += sizeof out.migration;
        out.migration = {{kType1CapMigration, 1, usable.empty() ? 0 : next},
                         0,
                         page_sizes & -page_sizes,
                         1U << 28};
        append(&out.migration, sizeof out.migration);
    }
    if (!usable.empty()) {
        const Type1CapIovaRange fixed{
            {kType1CapIovaRange, 1, 0}, static_cast<std::uint32_t>(usable.size()), 0};
        append(&fixed, sizeof fixed);
        for (const auto& range : usable) {
            const Type1IovaRange each{range.first, range.last};
            append(&each, sizeof each);
        }
    }
    static_cast<void>(ranges_size);
    const auto total = static_cast<std::uint32_t>(sizeof(Type1Info) + bytes.size());
    out.info = {.argsz = in.argsz,
                .flags = kType1InfoPgsizes,
                .iova_pgsizes = page_sizes,
                .cap_offset = 0,
                .pad = 0};
    if (in.argsz >= sizeof(Type1Info)) {
        out.info.flags |= kType1InfoCaps;
        if (in.argsz < total) {
            out.info.argsz = total;
        } else {
            out.info.cap_offset = sizeof(Type1Info);
            std::memcpy(static_cast<std::byte*>(argument) + sizeof(Type1Info), bytes.data(),
                        bytes.size());
        }
    }
    std::memcpy(argument, &out.info,
                in.argsz >= sizeof(Type1Info) ? sizeof(Type1Info) : kType1InfoOldSize);
    return 0;
}

std::map<std::uint64_t, FakeDma>::iterator FakeType1::find(std::uint64_t first,
                                                           std::uint64_t last) {
    auto at = maps.upper_bound(first);
    if (at != maps.begin() && std::prev(at)->first + (std::prev(at)->second.length - 1) >= first)
        return std::prev(at);
    return at != maps.end() && at->first <= last ? at : maps.end();
}

void FakeType1::drop(std::map<std::uint64_t, FakeDma>::iterator at) {
    if (at->second.counted)
        memory_.unlock(at->second.length);
    ++entries_left;
    maps.erase(at);
}

int FakeType1::map_vaddr(const DmaMap& map) {
    const auto at = find(map.iova, map.iova + (map.size - 1));
    if (at == maps.end())
        return -ENOENT;
    if (!at->second.vaddr_invalid || at->first != map.iova || at->second.length != map.size)
        return -EINVAL;
    at->second.address = map.vaddr;
    at->second.vaddr_invalid = false;
    return 0;
}

int FakeType1::map(void* argument) {
    DmaMap map;
    std::memcpy(&map, argument, sizeof map);
    const bool vaddr = (map.flags & kDmaMapVaddr) != 0;
    const std::uint32_t access = map.flags & (kDmaMapRead | kDmaMapWrite);
    if (map.argsz < sizeof map || (map.flags & ~(kDmaMapVaddr | access)) != 0 ||
        (vaddr && kind_ == Kind::kCompat) || vaddr == (access != 0))
        return -EINVAL;
    const std::uint64_t mask = (page_sizes & -page_sizes) - 1;
    if (map.size == 0 || ((map.size | map.iova | map.vaddr) & mask) != 0)
        return -EINVAL;
    if (map.iova + (map.size - 1) < map.iova || map.vaddr + (map.size - 1) < map.vaddr)
        return -EOVERFLOW;
    if (vaddr)
        return map_vaddr(map);
    const vfio::IovaRange range{map.iova, map.iova + (map.size - 1)};
    if (find(range.first, range.last) != maps.end())
        return -EEXIST;
    if (entries_left == 0 && kind_ != Kind::kCompat)
        return -ENOSPC;
    if (!usable.empty() && std::none_of(usable.begin(), usable.end(),
                                        [&](const auto& each) { return each.contains(range); }))
        return -EINVAL;
    if (FakeMemory::touches(memory_.absent, map.vaddr, map.size) ||
        (FakeMemory::touches(memory_.device, map.vaddr, map.size) && kind_ == Kind::kCompat) ||
        ((access & kDmaMapWrite) != 0 &&
         FakeMemory::touches(memory_.read_only, map.vaddr, map.size)))
        return -EFAULT;
    const bool counted = !memory_.exempt;
    if (counted && !memory_.lock(map.size))
        return -ENOMEM;
    --entries_left;
    maps[map.iova] = {.address = map.vaddr,
                      .length = map.size,
                      .flags = access,
                      .vaddr_invalid = false,
                      .file = false,
                      .counted = counted};
    return 0;
}

int FakeType1::unmap(void* argument) {
    DmaUnmap unmap;
    std::memcpy(&unmap, argument, sizeof unmap);
    const bool all = (unmap.flags & kDmaUnmapAll) != 0;
    const bool vaddr = (unmap.flags & kDmaUnmapVaddr) != 0;
    const std::uint32_t known =
        kind_ == Kind::kCompat ? kDmaUnmapAll : kDmaUnmapAll | kDmaUnmapVaddr;
    if (unmap.argsz < sizeof unmap || (unmap.flags & ~known) != 0)
        return -EINVAL;
    if (vaddr && has_mdev)
        return -EBUSY;
    const std::uint64_t mask = (page_sizes & -page_sizes) - 1;
    if (all ? unmap.iova != 0 || unmap.size != 0
            : unmap.size == 0 || ((unmap.iova | unmap.size) & mask) != 0 ||
                  unmap.iova + (unmap.size - 1) < unmap.iova)
        return -EINVAL;
    const vfio::IovaRange range{unmap.iova, all ? UINT64_MAX : unmap.iova + (unmap.size - 1)};
    std::vector<std::uint64_t> hit;
    for (auto at = find(range.first, range.last); at != maps.end() && at->first <= range.last;
         ++at) {
        const bool cut =
            at->first < range.first || at->first + (at->second.length - 1) > range.last;
        if (cut && kind_ == Kind::kV2)
            return -EINVAL;
        if (cut && kind_ == Kind::kCompat)
            return -ENOENT;
        if (at->first < range.first)
            break;  // v1: success, and nothing unmapped
        hit.push_back(at->first);
    }
    std::uint64_t bytes = 0;
    for (const std::uint64_t iova : hit) {
        const auto at = maps.find(iova);
        if (vaddr && at->second.vaddr_invalid)
            return -EINVAL;
        bytes += at->second.length;
        if (vaddr)
            at->second.vaddr_invalid = true;
        else
            drop(at);
    }
    unmap.size = bytes;
    std::memcpy(argument, &unmap, sizeof unmap);
    return 0;
}

void FakeType1::dirty(std::uint64_t iova) {
    dirty_.push_back(iova);
}

int FakeType1::dirty_call(void* argument) {
    DirtyPages pages;
    std::memcpy(&pages, argument, sizeof pages);
    if (kind_ == Kind::kV1)
        return -EACCES;
    if (pages.argsz < sizeof pages || !std::has_single_bit(pages.flags) || pages.flags > 4)
        return -EINVAL;
    if (pages.flags != kDirtyPagesGetBitmap) {
        tracking_ = pages.flags == kDirtyPagesStart;
        return 0;
    }
    DirtyBitmapGet get;
    if (pages.argsz < sizeof pages + sizeof get)
        return -EINVAL;
    std::memcpy(&get, static_cast<std::byte*>(argument) + sizeof pages, sizeof get);
    return dirty_bitmap(get);
}

int FakeType1::dirty_bitmap(const DirtyBitmapGet& get) {
    const std::uint64_t page = page_sizes & -page_sizes;
    if (get.bitmap.pgsize != page || get.size == 0 || ((get.iova | get.size) & (page - 1)) != 0 ||
        !tracking_ || get.bitmap.size < (get.size / page + 63) / 64 * 8)
        return -EINVAL;
    auto* bits = reinterpret_cast<std::uint64_t*>(get.bitmap.data);
    for (const std::uint64_t iova : dirty_)
        if (iova >= get.iova && iova - get.iova < get.size) {
            const std::uint64_t bit = (iova - get.iova) / page;
            bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
        }
    std::erase_if(
        dirty_, [&](std::uint64_t iova) { return iova >= get.iova && iova - get.iova < get.size; });
    return 0;
}

int FakeType1::narrow(const std::vector<vfio::IovaRange>& wanted) {
    for (const auto& [iova, dma] : maps) {
        const vfio::IovaRange range{iova, iova + (dma.length - 1)};
        if (std::none_of(wanted.begin(), wanted.end(),
                         [&](const auto& each) { return each.contains(range); }))
            return -EINVAL;
    }
    usable = wanted;
    return 0;
}

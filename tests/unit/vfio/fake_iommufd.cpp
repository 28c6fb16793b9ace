// SPDX-License-Identifier: LGPL-2.1-or-later
// Objects, mappings and ranges; page tables and virtual IOMMUs are in fake_iommufd_objects.cpp.
#include "fake_iommufd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

using namespace vfio::abi;
using vfio::IovaRange;

FakeIommufd::~FakeIommufd() {
    for (auto& [id, object] : objects)
        drop_all(object);
}

/// First u32 is the size: too small EINVAL, more than known and not zero E2BIG (main.c:521).
template <typename T>
int FakeIommufd::take(void* argument, T& out, std::size_t least) {
    std::uint32_t size = 0;
    std::memcpy(&size, argument, sizeof size);
    if (size < least)
        return -EINVAL;
    out = T{};
    std::memcpy(&out, argument, std::min<std::size_t>(size, sizeof out));
    const auto* bytes = static_cast<const unsigned char*>(argument);
    for (std::size_t i = sizeof out; i < size; ++i)
        if (bytes[i] != 0)
            return -E2BIG;
    return 0;
}

FakeIommufd::Object* FakeIommufd::find(std::uint32_t id, Type type) {
    const auto found = objects.find(id);
    return found == objects.end() || found->second.type != type ? nullptr : &found->second;
}

std::uint32_t FakeIommufd::add(Object object) {
    if (object.parent != 0)
        ++objects.at(object.parent).users;
    objects.emplace(next_, std::move(object));
    return next_++;
}

int FakeIommufd::call(IommuCall call, void* argument) {
    if ((static_cast<unsigned long>(call) & 0xff) > newest)
        return -ENOTTY;
    switch (call) {
        case IommuCall::kDestroy:
            return destroy(argument);
        case IommuCall::kIoasAlloc: {
            IoasAlloc alloc;
            if (const int bad = take(argument, alloc, sizeof alloc))
                return bad;
            if (alloc.flags != 0)
                return -EOPNOTSUPP;
            alloc.out_ioas_id = add({.type = Type::kIoas});
            std::memcpy(argument, &alloc, sizeof alloc);
            return 0;
        }
        case IommuCall::kIoasAllowIovas:
            return allow(argument);
        case IommuCall::kIoasCopy:
            return copy(argument);
        case IommuCall::kIoasIovaRanges:
            return ranges(argument);
        case IommuCall::kIoasMap:
            return map(argument);
        case IommuCall::kIoasUnmap:
            return unmap(argument);
        case IommuCall::kOption:
            return option(argument);
        case IommuCall::kVfioIoas:
            return -EOPNOTSUPP;
        case IommuCall::kHwptAlloc:
            return hwpt_alloc(argument);
        case IommuCall::kGetHwInfo:
            return hw_info(argument);
        case IommuCall::kHwptSetDirtyTracking:
            return set_dirty(argument);
        case IommuCall::kHwptGetDirtyBitmap:
            return get_dirty(argument);
        case IommuCall::kHwptInvalidate:
            return invalidate(argument);
        case IommuCall::kFaultQueueAlloc:
            return queue(argument);
        case IommuCall::kIoasMapFile:
            return map_file(argument);
        case IommuCall::kViommuAlloc:
            return viommu(argument);
        case IommuCall::kVdeviceAlloc:
            return vdevice(argument);
        case IommuCall::kIoasChangeProcess:
            return change_process(argument);
        case IommuCall::kVeventqAlloc:
            return veventq(argument);
        case IommuCall::kHwQueueAlloc:
            return hw_queue(argument);
    }
    return -ENOTTY;
}

void FakeIommufd::drop_all(Object& ioas) {
    for (const auto& [iova, dma] : ioas.maps)
        if (dma.counted)
            memory_.unlock(dma.length);
    ioas.maps.clear();
}

int FakeIommufd::destroy(void* argument) {
    IommuDestroy destroy;
    if (const int bad = take(argument, destroy, sizeof destroy))
        return bad;
    const auto found = objects.find(destroy.id);
    if (found == objects.end())
        return -ENOENT;
    if (found->second.users > 0 || found->second.type == Type::kDevice)
        return -EBUSY;
    drop_all(found->second);
    if (found->second.type == Type::kHwQueue)
        held_.clear();
    if (const auto parent = objects.find(found->second.parent); parent != objects.end())
        --parent->second.users;
    objects.erase(found);
    return 0;
}

/// What every attached device reaches.
std::vector<IovaRange> FakeIommufd::usable(const Object& ioas) const {
    std::vector<IovaRange> out{{0, UINT64_MAX}};
    for (const auto& [device, ranges] : ioas.usable) {
        std::vector<IovaRange> both;
        for (const auto& a : out)
            for (const auto& b : ranges)
                if (a.overlaps(b))
                    both.push_back({std::max(a.first, b.first), std::min(a.last, b.last)});
        out = both;
    }
    return out;
}

int FakeIommufd::ranges(void* argument) {
    IoasIovaRanges query;
    if (const int bad = take(argument, query, sizeof query))
        return bad;
    const Object* ioas = find(query.ioas_id, Type::kIoas);
    if (ioas == nullptr)
        return -ENOENT;
    const auto all = usable(*ioas);
    auto* out = reinterpret_cast<IommuIovaRange*>(query.allowed_iovas);
    for (std::size_t i = 0; i < all.size() && i < query.num_iovas; ++i)
        out[i] = {all[i].first, all[i].last};
    const bool fits = all.size() <= query.num_iovas;
    query.num_iovas = static_cast<std::uint32_t>(all.size());
    query.out_iova_alignment = ioas->usable.empty() ? 1 : 4096;
    std::memcpy(argument, &query, sizeof query);
    return fits ? 0 : -EMSGSIZE;
}

int FakeIommufd::allow(void* argument) {
    IoasAllowIovas allow;
    if (const int bad = take(argument, allow, sizeof allow))
        return bad;
    Object* ioas = find(allow.ioas_id, Type::kIoas);
    if (ioas == nullptr)
        return -ENOENT;
    const auto all = usable(*ioas);
    std::vector<IovaRange> wanted;
    const auto* in = reinterpret_cast<const IommuIovaRange*>(allow.allowed_iovas);
    for (std::uint32_t i = 0; i < allow.num_iovas; ++i) {
        const IovaRange range{in[i].start, in[i].last};
        if (range.first > range.last)
            return -EINVAL;
        if (std::none_of(all.begin(), all.end(),
                         [&](const auto& each) { return each.contains(range); }))
            return -EADDRINUSE;
        wanted.push_back(range);
    }
    ioas->allowed = wanted;
    return 0;
}

/// 0, or why nothing can be mapped there.
int FakeIommufd::place(Object& ioas, std::uint64_t iova, std::uint64_t length) {
    const std::uint64_t mask = ioas.usable.empty() ? 0 : 4095;
    if (length == 0 || ((iova | length) & mask) != 0)
        return -EINVAL;
    if (length - 1 > UINT64_MAX - iova)
        return -EOVERFLOW;
    const IovaRange range{iova, iova + (length - 1)};
    const auto all = usable(ioas);
    if (std::none_of(all.begin(), all.end(),
                     [&](const auto& each) { return each.contains(range); }))
        return -EINVAL;
    auto at = ioas.maps.upper_bound(iova);
    if (at != ioas.maps.end() && at->first <= range.last)
        return -EEXIST;
    if (at != ioas.maps.begin() &&
        std::prev(at)->first + (std::prev(at)->second.length - 1) >= iova)
        return -EEXIST;
    return 0;
}

int FakeIommufd::map(void* argument) {
    IoasMap map;
    if (const int bad = take(argument, map, sizeof map))
        return bad;
    Object* ioas = find(map.ioas_id, Type::kIoas);
    if ((map.flags & ~7U) != 0 || map.reserved != 0)
        return -EOPNOTSUPP;
    if (ioas == nullptr)
        return -ENOENT;
    if ((map.flags & kIoasMapFixedIova) == 0)
        return -EOPNOTSUPP;  // this library chooses by itself
    if (const int bad = place(*ioas, map.iova, map.length))
        return bad;
    if (FakeMemory::touches(memory_.absent, map.user_va, map.length) ||
        FakeMemory::touches(memory_.device, map.user_va, map.length))
        return -EFAULT;
    if ((map.flags & kIoasMapWriteable) != 0 &&
        FakeMemory::touches(memory_.read_only, map.user_va, map.length))
        return -EPERM;
    if (!memory_.exempt && !memory_.lock(map.length))
        return -ENOMEM;
    ++pins;
    ioas->maps[map.iova] = {.address = map.user_va,
                            .length = map.length,
                            .flags = map.flags,
                            .vaddr_invalid = false,
                            .file = false,
                            .counted = !memory_.exempt};
    return 0;
}

int FakeIommufd::map_file(void* argument) {
    IoasMapFile map;
    if (const int bad = take(argument, map, sizeof map))
        return bad;
    Object* ioas = find(map.ioas_id, Type::kIoas);
    if (ioas == nullptr)
        return -ENOENT;
    if (!files.contains(map.fd))
        return -EOPNOTSUPP;
    if (const int bad = place(*ioas, map.iova, map.length))
        return bad;
    if (!memory_.exempt && !memory_.lock(map.length))
        return -ENOMEM;
    ++pins;
    ioas->maps[map.iova] = {.address = 0,
                            .length = map.length,
                            .flags = map.flags,
                            .vaddr_invalid = false,
                            .file = true,
                            .counted = !memory_.exempt};
    return 0;
}

/// Any part of what is mapped without a gap (io_pagetable.c:700); pins nothing.
int FakeIommufd::copy(void* argument) {
    IoasCopy copy;
    if (const int bad = take(argument, copy, sizeof copy))
        return bad;
    Object* from = find(copy.src_ioas_id, Type::kIoas);
    Object* to = find(copy.dst_ioas_id, Type::kIoas);
    if (from == nullptr || to == nullptr)
        return -ENOENT;
    if (copy.length == 0)
        return -EINVAL;
    auto at = from->maps.upper_bound(copy.src_iova);
    if (at == from->maps.begin())
        return -ENOENT;
    --at;
    if (copy.src_iova - at->first >= at->second.length ||
        copy.src_iova - at->first + copy.length > at->second.length)
        return -ENOENT;
    if ((copy.flags & kIoasMapWriteable) != 0 && (at->second.flags & kIoasMapWriteable) == 0)
        return -EPERM;
    FakeDma dma = at->second;
    if (const int bad = place(*to, copy.dst_iova, copy.length))
        return bad;
    dma.address += dma.file ? 0 : copy.src_iova - at->first;
    dma.length = copy.length;
    dma.flags = copy.flags;
    dma.counted = false;
    to->maps[copy.dst_iova] = dma;
    return 0;
}

int FakeIommufd::unmap(void* argument) {
    IoasUnmap unmap;
    if (const int bad = take(argument, unmap, sizeof unmap))
        return bad;
    Object* ioas = find(unmap.ioas_id, Type::kIoas);
    if (ioas == nullptr)
        return -ENOENT;
    const bool all = unmap.iova == 0 && unmap.length == UINT64_MAX;
    if (!all && (unmap.length == 0 || unmap.length - 1 > UINT64_MAX - unmap.iova))
        return unmap.length == 0 ? -EINVAL : -EOVERFLOW;
    const IovaRange range{unmap.iova, all ? UINT64_MAX : unmap.iova + (unmap.length - 1)};
    std::uint64_t bytes = 0;
    std::vector<std::uint64_t> hit;
    for (const auto& [iova, dma] : ioas->maps) {
        const IovaRange each{iova, iova + (dma.length - 1)};
        if (!each.overlaps(range))
            continue;
        if (!range.contains(each))
            return -ENOENT;
        if (held_.contains(iova))
            return -EBUSY;
        hit.push_back(iova);
        bytes += dma.length;
    }
    if (bytes == 0 && !all)
        return -ENOENT;
    for (const std::uint64_t iova : hit) {
        if (ioas->maps.at(iova).counted)
            memory_.unlock(ioas->maps.at(iova).length);
        ioas->maps.erase(iova);
    }
    unmap.length = bytes;
    std::memcpy(argument, &unmap, sizeof unmap);
    return 0;
}

int FakeIommufd::option(void* argument) {
    IommuOption option;
    if (const int bad = take(argument, option, sizeof option))
        return bad;
    if (option.option_id == kOptionHugePages)
        return find(option.object_id, Type::kIoas) == nullptr ? -ENOENT : 0;
    if (option.option_id != kOptionRlimitMode || option.object_id != 0)
        return -EOPNOTSUPP;
    if (!capable)
        return -EPERM;
    if (!objects.empty())
        return -EBUSY;
    rlimit_mode = option.val64 == 1;
    return 0;
}

int FakeIommufd::change_process(void* argument) {
    IoasChangeProcess change;
    if (const int bad = take(argument, change, sizeof change))
        return bad;
    for (const auto& [id, object] : objects)
        for (const auto& [iova, dma] : object.maps)
            if (!dma.file)
                return -EINVAL;
    return 0;
}

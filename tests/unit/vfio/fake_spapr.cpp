// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_spapr.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

using namespace vfio::abi;

namespace {

template <typename T>
T take(void* argument) {
    T out;
    std::memcpy(&out, argument, sizeof out);
    return out;
}

std::uint64_t page() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

constexpr std::uint64_t kPageSizes = 0x40211000;
constexpr std::uint64_t kSecondStart = 0x800000000000000;

}  // namespace

FakeSpapr::~FakeSpapr() {
    for (const auto& [address, length] : registered)
        memory_.unlock(length);
    if (kind_ == Kind::kV1 && enabled)
        memory_.unlock(default_size);
}

int FakeSpapr::call(ContainerCall call, void* argument) {
    const bool v2 = kind_ == Kind::kV2;
    switch (static_cast<unsigned long>(call)) {
        case static_cast<unsigned long>(ContainerCall::kSpaprGetInfo):
            return info(argument);
        case static_cast<unsigned long>(ContainerCall::kMapDma):
            return map(argument);
        case static_cast<unsigned long>(ContainerCall::kUnmapDma):
            return unmap(argument);
        case static_cast<unsigned long>(ContainerCall::kSpaprEnable):
            return v2 ? -ENOTTY : enable();
        case static_cast<unsigned long>(ContainerCall::kSpaprDisable):
            if (v2)
                return -ENOTTY;
            if (enabled)
                memory_.unlock(default_size);
            enabled = false;
            return 0;
        case static_cast<unsigned long>(ContainerCall::kSpaprRegisterMemory):
            return v2 ? register_memory(argument) : -ENOTTY;
        case static_cast<unsigned long>(ContainerCall::kSpaprUnregisterMemory):
            return v2 ? unregister_memory(argument) : -ENOTTY;
        case static_cast<unsigned long>(ContainerCall::kSpaprTceCreate):
            return v2 ? create(argument) : -ENOTTY;
        case static_cast<unsigned long>(ContainerCall::kSpaprTceRemove):
            return v2 ? remove(argument) : -ENOTTY;
        default:
            return -ENOTTY;
    }
}

int FakeSpapr::enable() {
    if (enabled)
        return -EBUSY;
    if (!group_attached)
        return -ENODEV;
    if (default_size == 0)
        return -EPERM;
    if (!memory_.lock(default_size))
        return -ENOMEM;
    enabled = true;
    return 0;
}

int FakeSpapr::info(void* argument) {
    auto out = take<SpaprInfo>(argument);
    if (!group_attached)
        return -ENXIO;
    if (out.argsz < kSpaprInfoOldSize)
        return -EINVAL;
    const bool room = out.argsz >= sizeof out;
    out.flags = kind_ == Kind::kV2 ? kSpaprInfoDdw : 0;
    out.dma32_window_start = 0;
    out.dma32_window_size = default_size;
    out.ddw = {};
    if (kind_ == Kind::kV2)
        out.ddw = {.pgsizes = kPageSizes, .max_dynamic_windows_supported = 2, .levels = 5};
    std::memcpy(argument, &out, room ? sizeof out : kSpaprInfoOldSize);
    return 0;
}

int FakeSpapr::default_window() {
    if (!default_pending)
        return 0;
    SpaprTceCreate create{.argsz = sizeof create,
                          .flags = 0,
                          .page_shift = 12,
                          .reserved1 = 0,
                          .window_size = default_size,
                          .levels = 5,
                          .reserved2 = 0,
                          .start_addr = 0};
    const int answer = create_window(create);
    if (answer == 0)
        default_pending = false;
    return answer;
}

std::optional<FakeSpapr::Table>* FakeSpapr::table_at(std::uint64_t iova) {
    for (auto& table : tables)
        if (table && iova >= table->start && iova - table->start < table->length)
            return &table;
    return nullptr;
}

int FakeSpapr::map(void* argument) {
    const auto map = take<DmaMap>(argument);
    if (!enabled)
        return -EPERM;
    if (map.argsz < sizeof map || (map.flags & ~3U) != 0 || map.flags == 0)
        return -EINVAL;
    if (const int answer = default_window(); answer != 0)
        return answer;
    const auto* table = table_at(map.iova);
    if (table == nullptr)
        return -ENXIO;
    const std::uint64_t step = std::uint64_t{1} << (*table)->shift;
    if (((map.size | map.vaddr | map.iova) & (step - 1)) != 0 ||
        map.iova - (*table)->start + map.size > (*table)->length)
        return -EINVAL;
    // Registered memory has the page size of what is behind it; a window of larger pages takes none
    // of it (mm_iommu_ua_to_hpa), seen in the lab.
    if (kind_ == Kind::kV2 && step > page())
        return -EINVAL;
    for (std::uint64_t done = 0; done < map.size && kind_ == Kind::kV2; done += step) {
        const std::uint64_t at = map.vaddr + done;
        auto before = registered.upper_bound(at);
        if (before == registered.begin() ||
            at - std::prev(before)->first >= std::prev(before)->second)
            return -EINVAL;
    }
    if (kind_ == Kind::kV1 && FakeMemory::touches(memory_.absent, map.vaddr, map.size))
        return -EFAULT;
    for (std::uint64_t done = 0; done < map.size; done += step)
        entries[map.iova + done] = map.vaddr + done;
    return 0;
}

int FakeSpapr::unmap(void* argument) {
    const auto unmap = take<DmaUnmap>(argument);
    if (!enabled)
        return -EPERM;
    if (unmap.argsz < sizeof unmap || unmap.flags != 0)
        return -EINVAL;
    if (const int answer = default_window(); answer != 0)
        return answer;
    const auto* table = table_at(unmap.iova);
    if (table == nullptr)
        return -ENXIO;
    if ((unmap.size & ((std::uint64_t{1} << (*table)->shift) - 1)) != 0)
        return -EINVAL;
    entries.erase(entries.lower_bound(unmap.iova), entries.lower_bound(unmap.iova + unmap.size));
    return 0;
}

int FakeSpapr::register_memory(void* argument) {
    const auto memory = take<SpaprMemory>(argument);
    if (memory.argsz < sizeof memory || memory.flags != 0 ||
        ((memory.vaddr | memory.size) & (page() - 1)) != 0 ||
        memory.vaddr + memory.size < memory.vaddr)
        return -EINVAL;
    const auto same = registered.find(memory.vaddr);
    if (same != registered.end() && same->second == memory.size)
        return -EBUSY;
    for (const auto& [address, length] : registered)
        if (address < memory.vaddr + memory.size && memory.vaddr < address + length)
            return -EINVAL;
    if (FakeMemory::touches(memory_.absent, memory.vaddr, memory.size))
        return -EFAULT;
    if (!memory_.lock(memory.size))
        return -ENOMEM;
    registered[memory.vaddr] = memory.size;
    enabled = true;
    return 0;
}

int FakeSpapr::unregister_memory(void* argument) {
    const auto memory = take<SpaprMemory>(argument);
    if (!enabled)
        return -EPERM;
    if (memory.argsz < sizeof memory || memory.flags != 0 ||
        ((memory.vaddr | memory.size) & (page() - 1)) != 0)
        return -EINVAL;
    const auto same = registered.find(memory.vaddr);
    if (same == registered.end() || same->second != memory.size)
        return -ENOENT;
    // Seen in the lab: while some of it is mapped the answer is success too, and the pins stay.
    const bool mapped = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
        return entry.second >= memory.vaddr && entry.second - memory.vaddr < memory.size;
    });
    if (!mapped)
        memory_.unlock(memory.size);
    registered.erase(same);
    return 0;
}

int FakeSpapr::create(void* argument) {
    auto create = take<SpaprTceCreate>(argument);
    if (!group_attached)
        return -ENXIO;
    if (create.argsz < sizeof create || create.flags != 0)
        return -EINVAL;
    if (const int answer = default_window(); answer != 0)
        return answer;
    const int answer = create_window(create);
    if (answer == 0)
        std::memcpy(argument, &create, sizeof create);
    return answer;
}

int FakeSpapr::create_window(SpaprTceCreate& create) {
    const auto slot = std::find(tables.begin(), tables.end(), std::nullopt);
    if (slot == tables.end())
        return -ENOSPC;
    if (create.page_shift >= 64 || (kPageSizes & (std::uint64_t{1} << create.page_shift)) == 0 ||
        !std::has_single_bit(create.window_size) || create.levels == 0 || create.levels > 5)
        return -EINVAL;
    if (create.levels < least_levels)
        return -ENOMEM;
    create.start_addr = slot == tables.begin() ? 0 : kSecondStart;
    *slot = Table{create.start_addr, create.window_size, create.page_shift};
    return 0;
}

void FakeSpapr::clear(const Table& table) {
    entries.erase(entries.lower_bound(table.start),
                  entries.lower_bound(table.start + table.length));
}

int FakeSpapr::remove(void* argument) {
    const auto remove = take<SpaprTceRemove>(argument);
    if (!group_attached)
        return -ENXIO;
    if (remove.argsz < sizeof remove || remove.flags != 0)
        return -EINVAL;
    if (default_pending && remove.start_addr == 0) {
        default_pending = false;
        return 0;
    }
    auto* table = table_at(remove.start_addr);
    if (table == nullptr)
        return -EINVAL;
    clear(**table);
    table->reset();
    return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/type1_info.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "vfio/abi/container.hpp"
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

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
// What reaches past the mappings themselves: contracts about ranges, accounting, dirty pages, and
// the hand-over to another process.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <mutex>

#include "vfio/address_space.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

Result<void> AddressSpace::allow_ranges(std::span<const IovaRange> wanted) {
    const std::unique_lock lock(mutex_);
    return backend_->allow_ranges(wanted);
}

Result<void> AddressSpace::set_accounting(Accounting accounting) {
    const std::unique_lock lock(mutex_);
    return backend_->set_accounting(accounting);
}

Result<void> AddressSpace::start_dirty_tracking() {
    const std::unique_lock lock(mutex_);
    return backend_->start_dirty();
}

Result<void> AddressSpace::stop_dirty_tracking() {
    const std::unique_lock lock(mutex_);
    return backend_->stop_dirty();
}

Result<void> AddressSpace::read_dirty(const IovaRange& range, std::uint64_t page_size,
                                      std::span<std::uint64_t> bitmap) {
    const std::string operation = "read dirty pages of " + text(range);
    if (!std::has_single_bit(page_size) || range.first > range.last)
        return fail_call(EINVAL, operation, std::string(name(backend())),
                         "the page size is a power of two");
    const std::uint64_t pages = (range.last - range.first) / page_size + 1;
    if (pages > bitmap.size() * 64)
        return fail_call(EINVAL, operation, std::string(name(backend())),
                         "the bitmap needs " + std::to_string(pages) + " bits");
    const std::unique_lock lock(mutex_);
    return backend_->read_dirty(range, page_size, bitmap);
}

Result<void> AddressSpace::adopt_process(std::span<const MappedRange> taken,
                                         std::span<const Relocation> relocations) {
    const std::unique_lock lock(mutex_);
    std::vector<MappedRange> all(taken.begin(), taken.end());
    if (all.empty())
        all = table_.all();
    std::sort(all.begin(), all.end());
    for (const Relocation& move : relocations) {
        const auto found = std::find_if(all.begin(), all.end(), [&](const MappedRange& mapped) {
            return mapped.iova.first == move.iova;
        });
        if (found == all.end())
            return fail_call(ENOENT, "adopt " + hex_text(move.iova), std::string(name(backend())),
                             "no mapping starts there");
        found->address = move.address;
    }
    for (std::size_t i = 1; i < all.size(); ++i)
        if (all[i].iova.overlaps(all[i - 1].iova))
            return fail_call(EINVAL, "adopt " + text(all[i].iova), std::string(name(backend())),
                             "it overlaps " + text(all[i - 1].iova));
    if (auto adopted = backend_->adopt(all); !adopted)
        return adopted;
    table_.clear();
    for (const MappedRange& mapped : all)
        table_.insert(mapped);
    // The fds came with their groups and devices in place.
    attached_ = std::max(attached_, 1U);
    return refresh();
}

}  // namespace vfio

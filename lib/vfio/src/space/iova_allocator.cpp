// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/iova_allocator.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

/// How many recently released ranges are compared.
constexpr std::size_t kMaxReuseSearch = 8;

}  // namespace

IovaAllocator::IovaAllocator() : by_address_(&pool_), by_size_(&pool_) {}
IovaAllocator::~IovaAllocator() = default;

const Window* IovaAllocator::window_at(std::uint64_t address) const {
    const auto above = std::upper_bound(
        windows_.begin(), windows_.end(), address,
        [](std::uint64_t key, const Window& window) { return key < window.range.first; });
    if (above == windows_.begin())
        return nullptr;
    const Window& window = *std::prev(above);
    return address <= window.range.last ? &window : nullptr;
}

void IovaAllocator::set_windows(std::span<const Window> windows, std::span<const IovaRange> taken) {
    windows_.assign(windows.begin(), windows.end());
    by_address_.clear();
    by_size_.clear();
    recently_freed_count_ = 0;
    free_bytes_ = 0;
    std::vector<IovaRange> sorted(taken.begin(), taken.end());
    std::sort(sorted.begin(), sorted.end());
    auto next = sorted.begin();
    for (const Window& window : windows_) {
        std::uint64_t from = window.range.first;
        bool full = false;
        while (next != sorted.end() && next->last < from)
            ++next;
        for (auto range = next; range != sorted.end() && range->first <= window.range.last;
             ++range) {
            if (range->first > from)
                add_free({from, range->first - 1});
            full = range->last >= window.range.last;
            if (full)
                break;
            from = std::max(from, range->last + 1);
        }
        if (!full)
            add_free({from, window.range.last});
    }
}

/// The lowest address of `extent` where it fits.
std::optional<std::uint64_t> IovaAllocator::lowest_fit(const IovaRange& extent,
                                                       const Constraints& constraints,
                                                       std::uint64_t alignment) const {
    IovaRange free_range = extent;
    if (constraints.within) {
        free_range.first = std::max(free_range.first, constraints.within->first);
        free_range.last = std::min(free_range.last, constraints.within->last);
        if (free_range.first > free_range.last)
            return std::nullopt;
    }
    const std::uint64_t mask = alignment - 1;
    std::uint64_t step = ((constraints.phase & mask) - free_range.first) & mask;
    if (free_range.first + step == 0)  // never the null address
        step = alignment;
    const std::uint64_t span = free_range.last - free_range.first;
    if (step > span || constraints.length - 1 > span - step)
        return std::nullopt;
    return free_range.first + step;
}

std::optional<IovaRange> IovaAllocator::reuse_exact_slow(const Constraints& constraints) {
    const std::size_t oldest =
        recently_freed_count_ > kMaxReuseSearch ? recently_freed_count_ - kMaxReuseSearch : 0;
    for (std::size_t i = recently_freed_count_; i-- > oldest;) {
        const IovaRange range = recently_freed_[i];
        if (!fits(range, constraints))
            continue;
        recently_freed_[i] = recently_freed_[--recently_freed_count_];
        free_bytes_ -= constraints.length;
        return range;
    }
    return std::nullopt;
}

/// Moves the recently released ranges to the extents, which joins adjacent ones.
void IovaAllocator::flush_recent() {
    for (const IovaRange& range : std::span(recently_freed_).first(recently_freed_count_)) {
        free_bytes_ -= range.length();
        add_free(range);
    }
    recently_freed_count_ = 0;
}

Result<IovaRange> IovaAllocator::allocate(const Constraints& constraints) {
    if (constraints.length == 0 ||
        (constraints.alignment != 0 && !std::has_single_bit(constraints.alignment)))
        return fail_call(EINVAL,
                         "allocate " + std::to_string(constraints.length) + " bytes of IOVA",
                         "address space");
    if (const auto range = reuse_exact(constraints))
        return *range;
    flush_recent();
    return best_fit(constraints);
}

Result<IovaRange> IovaAllocator::best_fit(const Constraints& constraints) {
    // Built on failure only: every map comes here.
    const auto operation = [&] {
        return "allocate " + std::to_string(constraints.length) + " bytes of IOVA";
    };
    // Best fit, within limits: an extent of `sure` bytes fits with any alignment, so after kTries
    // near misses the search continues there.
    constexpr int kTries = 8;
    bool page_fits = windows_.empty();
    auto extent = by_size_.lower_bound({constraints.length - 1, 0});
    for (int tries = 0; extent != by_size_.end(); ++extent) {
        const Window* window = window_at(extent->second);
        const std::uint64_t alignment =
            std::max({constraints.alignment, window->page_size, std::uint64_t{1}});
        if (constraints.length % std::max<std::uint64_t>(window->page_size, 1) != 0)
            continue;
        page_fits = true;
        const IovaRange free_range{extent->second, extent->second + extent->first};
        if (const auto first = lowest_fit(free_range, constraints, alignment)) {
            const IovaRange taken{*first, *first + (constraints.length - 1)};
            split(by_address_.find(free_range.first), taken);
            return taken;
        }
        if (++tries == kTries && !constraints.within) {
            const std::uint64_t sure = constraints.length - 1 + 2 * alignment;
            if (sure > constraints.length && extent->first < sure)
                extent = std::prev(by_size_.lower_bound({sure, 0}));
        }
    }
    for (const Window& window : windows_)
        page_fits =
            page_fits || constraints.length % std::max<std::uint64_t>(window.page_size, 1) == 0;
    if (!page_fits)
        return fail_call(EINVAL, operation(), "address space",
                         "not a multiple of any window's page size");
    return fail_call(ENOSPC, operation(), "address space",
                     std::to_string(free_bytes_) + " bytes are free in " +
                         std::to_string(by_address_.size()) + " pieces");
}

Result<void> IovaAllocator::check_range(const IovaRange& range) const {
    const auto operation = [&] { return "reserve IOVA " + text(range); };
    const Window* window = window_at(range.first);
    if (range.first > range.last || window == nullptr || range.last > window->range.last) {
        return fail_call(EINVAL, operation(), "address space",
                         aperture_hint(range, window_ranges(windows_)));
    }
    const std::uint64_t mask = std::max<std::uint64_t>(window->page_size, 1) - 1;
    if ((range.first & mask) != 0 || ((range.last + 1) & mask) != 0)
        return fail_call(EINVAL, operation(), "address space",
                         "IOVA and length must be multiples of " + hex_text(window->page_size));
    return {};
}

Result<void> IovaAllocator::reserve(const IovaRange& range) {
    TRY(check_range(range));
    flush_recent();
    auto extent = by_address_.upper_bound(range.first);
    if (extent == by_address_.begin() || std::prev(extent)->second < range.last)
        return fail_call(EEXIST, "reserve IOVA " + text(range), "address space");
    split(std::prev(extent), range);
    return {};
}

void IovaAllocator::mark_used(const IovaRange& range) {
    flush_recent();
    auto extent = by_address_.upper_bound(range.first);
    if (extent != by_address_.begin() && std::prev(extent)->second >= range.first)
        --extent;
    while (extent != by_address_.end() && extent->first <= range.last) {
        const IovaRange part{std::max(extent->first, range.first),
                             std::min(extent->second, range.last)};
        split(extent, part);
        extent = by_address_.upper_bound(part.last);
    }
}

void IovaAllocator::split(Extents::iterator extent, const IovaRange& taken) {
    const IovaRange whole{extent->first, extent->second};
    by_size_.erase({whole.last - whole.first, whole.first});
    if (whole.first < taken.first) {
        extent->second = taken.first - 1;
        by_size_.insert({extent->second - whole.first, whole.first});
        if (taken.last < whole.last) {
            by_address_.emplace_hint(std::next(extent), taken.last + 1, whole.last);
            by_size_.insert({whole.last - taken.last - 1, taken.last + 1});
        }
    } else if (taken.last < whole.last) {
        auto node = by_address_.extract(extent);
        node.key() = taken.last + 1;
        by_address_.insert(std::move(node));
        by_size_.insert({whole.last - taken.last - 1, taken.last + 1});
    } else {
        by_address_.erase(extent);
    }
    free_bytes_ -= taken.length();
}

void IovaAllocator::add_free(IovaRange extent) {
    free_bytes_ += extent.length();
    const Window* window = window_at(extent.first);
    auto next = by_address_.upper_bound(extent.first);
    if (next != by_address_.begin()) {
        const auto before = std::prev(next);
        if (before->second + 1 == extent.first && window->range.first <= before->first) {
            by_size_.erase({before->second - before->first, before->first});
            extent.first = before->first;
            by_address_.erase(before);
        }
    }
    if (next != by_address_.end() && extent.last + 1 == next->first &&
        next->first <= window->range.last) {
        by_size_.erase({next->second - next->first, next->first});
        extent.last = next->second;
        next = by_address_.erase(next);
    }
    by_address_.emplace_hint(next, extent.first, extent.last);
    by_size_.insert({extent.last - extent.first, extent.first});
}

void IovaAllocator::release_slow(const IovaRange& range) {
    if (recently_freed_count_ == kMaxRecentlyFreed)
        flush_recent();
    // A range that no window covers any more does not become free.
    for (const Window& window : windows_) {
        if (!window.range.overlaps(range))
            continue;
        add_free(
            {std::max(range.first, window.range.first), std::min(range.last, window.range.last)});
    }
}

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/non_copyable.hpp"
#include "vfio/calls.hpp"
#include "vfio/iova_range.hpp"

namespace vfio {

/// Allocates I/O virtual addresses inside windows, best fit first. Adjacent free extents are
/// joined. Each operation is O(log n) in the free extents, and O(1) where a recently released range
/// fits exactly. Like the kernel, it never allocates address 0, which devices read as none. Not
/// thread-safe.
class IovaAllocator : base::NonCopyable {
  public:
    struct Constraints {
        std::uint64_t length = 0;     ///< bytes, a multiple of the window's page size
        std::uint64_t alignment = 0;  ///< a power of two; 0: the window's page size
        /// The answer is congruent to this modulo the alignment: the memory's address, so that huge
        /// pages of memory meet huge pages of the IOMMU.
        std::uint64_t phase = 0;
        std::optional<IovaRange> within{};
    };

    IovaAllocator();
    ~IovaAllocator();

    /// Replaces the windows (an attach narrows them, a detach widens them). `taken` stays taken,
    /// also where no window covers it any more. Windows are sorted and do not overlap.
    void set_windows(std::span<const Window> windows, std::span<const IovaRange> taken);

    /// kInvalid: a length or alignment that no window has; kFailed with ENOSPC: no room.
    [[nodiscard]] Result<IovaRange> allocate(const Constraints& constraints);
    /// A recently released range, if one fits exactly: allocate() without a search.
    [[nodiscard]] std::optional<IovaRange> reuse_exact(const Constraints& constraints) {
        if (recently_freed_count_ == 0 ||
            !fits(recently_freed_[recently_freed_count_ - 1], constraints))
            return reuse_exact_slow(constraints);
        free_bytes_ -= constraints.length;
        return recently_freed_[--recently_freed_count_];
    }
    /// Takes a given range. kInvalid with EINVAL: not page-aligned, or not inside one window;
    /// kBusy with EEXIST: some of it is taken.
    [[nodiscard]] Result<void> reserve(const IovaRange& range);
    /// Whether reserve() could take it if all of it were free. kInvalid with EINVAL: not
    /// page-aligned, or not inside one window.
    [[nodiscard]] Result<void> check_range(const IovaRange& range) const;
    /// The same, without the reason.
    [[nodiscard]] bool covers(const IovaRange& range) const {
        for (const Window& window : windows_)
            if (window.range.contains(range))
                return ((range.first | (range.last + 1)) & (window.page_size - 1)) == 0 ||
                       window.page_size == 0;
        return false;
    }
    /// Takes the parts of a range that are still free.
    void mark_used(const IovaRange& range);
    /// Returns what allocate(), reserve() or mark_used() took; parts outside every window are
    /// dropped.
    void release(const IovaRange& range) {
        if (recently_freed_count_ == kMaxRecentlyFreed || range.first == 0 || !in_window(range))
            return release_slow(range);
        recently_freed_[recently_freed_count_++] = range;
        free_bytes_ += range.length();
    }

    [[nodiscard]] std::uint64_t free_bytes() const { return free_bytes_; }
    [[nodiscard]] std::size_t free_extents() {
        flush_recent();
        return by_address_.size();
    }

  private:
    using Extents = std::pmr::map<std::uint64_t, std::uint64_t>;  ///< first → last
    static constexpr std::size_t kMaxRecentlyFreed = 256;

    [[nodiscard]] static bool fits(const IovaRange& range, const Constraints& constraints) {
        const std::uint64_t mask = constraints.alignment - (constraints.alignment != 0 ? 1 : 0);
        return range.last - range.first == constraints.length - 1 &&
               ((range.first ^ constraints.phase) & mask) == 0 &&
               (!constraints.within || constraints.within->contains(range));
    }
    [[nodiscard]] bool in_window(const IovaRange& range) const {
        for (const Window& window : windows_)
            if (window.range.contains(range))
                return true;
        return false;
    }
    [[nodiscard]] std::optional<IovaRange> reuse_exact_slow(const Constraints& constraints);
    void release_slow(const IovaRange& range);
    [[nodiscard]] const Window* window_at(std::uint64_t address) const;
    [[nodiscard]] std::optional<std::uint64_t> lowest_fit(const IovaRange& extent,
                                                          const Constraints& constraints,
                                                          std::uint64_t alignment) const;
    [[nodiscard]] Result<IovaRange> best_fit(const Constraints& constraints);
    void flush_recent();
    void add_free(IovaRange extent);
    void split(Extents::iterator extent, const IovaRange& taken);

    std::pmr::unsynchronized_pool_resource pool_;
    std::vector<Window> windows_;
    Extents by_address_;
    std::pmr::set<std::pair<std::uint64_t, std::uint64_t>> by_size_;  ///< (last - first, first)
    std::uint64_t free_bytes_ = 0;
    /// Released, and not yet among the extents: a program that maps and unmaps in turn needs a
    /// range of the same length next.
    std::array<IovaRange, kMaxRecentlyFreed> recently_freed_{};
    std::size_t recently_freed_count_ = 0;
};

}  // namespace vfio

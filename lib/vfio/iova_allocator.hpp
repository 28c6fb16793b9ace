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

#include "vfio/calls.hpp"
#include "vfio/export.hpp"
#include "vfio/iova_range.hpp"

namespace vfio {

/// Hands out I/O virtual addresses inside windows, best fit first, and takes them back: free
/// neighbours grow together, so that space is used again. Each operation is O(log n) in the free
/// extents, and O(1) where what was released lately fits exactly. Never hands out address 0 by
/// itself, as the kernel does not: devices read it as none. Not thread-safe.
class VFIO_EXPORT IovaAllocator {
  public:
    struct Wanted {
        std::uint64_t length = 0;     ///< bytes, a multiple of the window's page size
        std::uint64_t alignment = 0;  ///< a power of two; 0: the window's page size
        /// The answer is congruent to this modulo the alignment: the memory's address, so that huge
        /// pages of memory meet huge pages of the IOMMU.
        std::uint64_t phase = 0;
        std::optional<IovaRange> within{};
    };

    IovaAllocator();
    IovaAllocator(const IovaAllocator&) = delete;
    IovaAllocator& operator=(const IovaAllocator&) = delete;
    ~IovaAllocator();

    /// Replaces the windows (an attach narrows them, a detach widens them). `taken` stays taken,
    /// also where no window covers it any more. Windows are sorted and do not overlap.
    void set_windows(std::span<const Window> windows, std::span<const IovaRange> taken);
    [[nodiscard]] const std::vector<Window>& windows() const { return windows_; }

    /// kInvalid: a length or alignment that no window has; kFailed with ENOSPC: no room.
    [[nodiscard]] Result<IovaRange> allocate(const Wanted& wanted);
    /// One of those released lately, if one fits exactly: allocate() without a search.
    [[nodiscard]] std::optional<IovaRange> again(const Wanted& wanted) {
        if (lately_count_ == 0 || !suits(lately_[lately_count_ - 1], wanted))
            return again_among(wanted);
        free_bytes_ -= wanted.length;
        return lately_[--lately_count_];
    }
    /// Takes a given range. kInvalid with EINVAL: not page-aligned, or not inside one window;
    /// kBusy with EEXIST: some of it is taken.
    [[nodiscard]] Result<void> reserve(const IovaRange& range);
    /// Could reserve() take it, if nothing else had? kInvalid with EINVAL: not page-aligned, or not
    /// inside one window.
    [[nodiscard]] Result<void> fits(const IovaRange& range) const;
    /// The same, without the reason.
    [[nodiscard]] bool covers(const IovaRange& range) const {
        for (const Window& window : windows_)
            if (window.range.contains(range))
                return ((range.first | (range.last + 1)) & (window.page_size - 1)) == 0 ||
                       window.page_size == 0;
        return false;
    }
    /// Takes what of a range is still free.
    void take(const IovaRange& range);
    /// Gives back what allocate() reserve() or take() took; parts outside every window are
    /// forgotten.
    void release(const IovaRange& range) {
        if (lately_count_ == kLately || range.first == 0 || !inside(range))
            return release_slowly(range);
        lately_[lately_count_++] = range;
        free_bytes_ += range.length();
    }

    [[nodiscard]] std::uint64_t free_bytes() const { return free_bytes_; }
    [[nodiscard]] std::size_t free_extents() {
        settle();
        return by_address_.size();
    }

  private:
    using Extents = std::pmr::map<std::uint64_t, std::uint64_t>;  ///< first → last
    static constexpr std::size_t kLately = 256;

    [[nodiscard]] static bool suits(const IovaRange& range, const Wanted& wanted) {
        const std::uint64_t mask = wanted.alignment - (wanted.alignment != 0 ? 1 : 0);
        return range.last - range.first == wanted.length - 1 &&
               ((range.first ^ wanted.phase) & mask) == 0 &&
               (!wanted.within || wanted.within->contains(range));
    }
    [[nodiscard]] bool inside(const IovaRange& range) const {
        for (const Window& window : windows_)
            if (window.range.contains(range))
                return true;
        return false;
    }
    [[nodiscard]] std::optional<IovaRange> again_among(const Wanted& wanted);
    void release_slowly(const IovaRange& range);
    [[nodiscard]] const Window* window_at(std::uint64_t address) const;
    [[nodiscard]] std::optional<std::uint64_t> place(const IovaRange& extent, const Wanted& wanted,
                                                     std::uint64_t alignment) const;
    [[nodiscard]] Result<IovaRange> best_fit(const Wanted& wanted);
    void settle();
    void add_free(IovaRange extent);
    void carve(Extents::iterator extent, const IovaRange& taken);

    std::pmr::unsynchronized_pool_resource pool_;
    std::vector<Window> windows_;
    Extents by_address_;
    std::pmr::set<std::pair<std::uint64_t, std::uint64_t>> by_size_;  ///< (last - first, first)
    std::uint64_t free_bytes_ = 0;
    /// Released, and not yet among the extents: a program that maps and unmaps in turn wants the
    /// like of it next, and an exact fit is the best.
    std::array<IovaRange, kLately> lately_{};
    std::size_t lately_count_ = 0;
};

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vfio/iova_range.hpp"

namespace vfio {

/// The DMA windows of a SPAPR platform, in address order. They do not overlap.
class WindowList {
  public:
    /// The default window alone, or nothing where the platform has none (page size 0).
    void reset(const Window& default_window);
    void add(const Window& window);
    void remove(const IovaRange& range);
    void clear() { windows_.clear(); }

    [[nodiscard]] const std::vector<Window>& all() const { return windows_; }
    [[nodiscard]] std::size_t size() const { return windows_.size(); }
    /// The window that `range` lies in, or null; valid until the next change.
    [[nodiscard]] const Window* find(const IovaRange& range) const;
    /// Where a window of `length` bytes, a power of two, fits into `usable`: above 4 GiB like a
    /// platform's second window, or at 0 once the default one is gone.
    [[nodiscard]] std::optional<std::uint64_t> free_start(std::span<const IovaRange> usable,
                                                          std::uint64_t length) const;

  private:
    std::vector<Window> windows_;
};

}  // namespace vfio

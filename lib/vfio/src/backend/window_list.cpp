// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/window_list.hpp"

#include <algorithm>

namespace vfio {

void WindowList::reset(const Window& default_window) {
    windows_.clear();
    if (default_window.page_size != 0)
        windows_.push_back(default_window);
}

void WindowList::add(const Window& window) {
    windows_.insert(std::upper_bound(windows_.begin(), windows_.end(), window), window);
}

void WindowList::remove(const IovaRange& range) {
    std::erase_if(windows_, [&](const Window& window) { return window.range == range; });
}

const Window* WindowList::find(const IovaRange& range) const {
    const auto found = std::find_if(windows_.begin(), windows_.end(), [&](const Window& window) {
        return window.range.contains(range);
    });
    return found == windows_.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> WindowList::free_start(std::span<const IovaRange> usable,
                                                    std::uint64_t length) const {
    const std::uint64_t preferred = windows_.empty() ? 0 : std::uint64_t{4} << 30;
    for (const std::uint64_t floor : {preferred, std::uint64_t{0}})
        for (const IovaRange& range : usable) {
            const std::uint64_t from = std::max(range.first, floor);
            const std::uint64_t start = (from + (length - 1)) & ~(length - 1);
            if (start < from || start > range.last || length - 1 > range.last - start)
                continue;
            const IovaRange wanted = make_range(start, length);
            if (std::none_of(windows_.begin(), windows_.end(),
                             [&](const Window& window) { return window.range.overlaps(wanted); }))
                return start;
        }
    return std::nullopt;
}

}  // namespace vfio

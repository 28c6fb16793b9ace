// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/spapr_backend.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/abi/page_size.hpp"

namespace vfio {

SpaprV2Backend::~SpaprV2Backend() = default;
SpaprV1Backend::~SpaprV1Backend() = default;

SpaprContainer* spapr_container(AddressSpace& space) {
    auto* const backend = dynamic_cast<SpaprV2Backend*>(&space.iommu_backend());
    return backend == nullptr ? nullptr : &backend->platform();
}

Result<Geometry> SpaprV2Backend::geometry() {
    Geometry out;
    if (platform_.container().groups() == 0)
        return out;
    const auto known = TRY(platform_.details());
    out.windows = windows_.all();
    out.page_sizes = known.page_sizes | known.default_window.page_size;
    return out;
}

Result<void> SpaprV2Backend::attach_group(const GroupFd& group, const std::string& object) {
    TRY(platform_.attach_group(group, object));
    if (platform_.container().groups() > 1)
        return {};
    const auto known = TRY(platform_.details());
    windows_.reset(known.default_window);
    return {};
}

Result<void> SpaprV2Backend::detach_group(const GroupFd& group, const std::string& object) {
    auto detached = platform_.detach_group(group, object);
    if (detached && platform_.container().groups() == 0) {
        windows_.clear();
        registered_.clear();
        addresses_.clear();
    }
    return detached;
}

/// Registrations must not overlap (EINVAL), so only the gaps between those that exist are
/// registered.
Result<void> SpaprV2Backend::get_registration(std::uint64_t address, std::uint64_t length) {
    // The window's pages may be smaller than the CPU's, which registrations are made of.
    const auto mask = page_size() - 1;
    const std::uint64_t last = (address + (length - 1)) | mask;
    const std::uint64_t start = address & ~mask;
    for (std::uint64_t at = start; at <= last && at >= start;) {
        auto next = registered_.upper_bound(at);
        const auto before = next == registered_.begin() ? registered_.end() : std::prev(next);
        if (before != registered_.end() && before->second.last >= at) {
            ++before->second.users;
            at = before->second.last + 1;
            continue;
        }
        const std::uint64_t end =
            next == registered_.end() ? last : std::min(last, next->first - 1);
        if (auto done = platform_.register_memory(at, end - at + 1); !done) {
            if (at > start)
                put_registration(start, at - start);
            return done;
        }
        registered_[at] = {.last = end, .users = 1};
        at = end + 1;
    }
    return {};
}

void SpaprV2Backend::put_registration(std::uint64_t address, std::uint64_t length) {
    const std::uint64_t last = address + (length - 1);
    auto at = registered_.upper_bound(address);
    if (at != registered_.begin())
        --at;
    while (at != registered_.end() && at->first <= last) {
        if (at->second.last < address || --at->second.users > 0) {
            ++at;
            continue;
        }
        // A failure leaves it registered until the container closes, which only keeps memory
        // pinned.
        static_cast<void>(platform_.unregister_memory(at->first, at->second.last - at->first + 1));
        at = registered_.erase(at);
    }
}

Result<void> SpaprV2Backend::map(const MappedRange& piece) {
    TRY(get_registration(piece.address, piece.iova.length()));
    auto mapped = platform_.map(piece);
    if (mapped)
        addresses_[piece.iova.first] = piece.address;
    else
        put_registration(piece.address, piece.iova.length());
    return mapped;
}

Result<std::uint64_t> SpaprV2Backend::unmap(const IovaRange& range) {
    if (auto unmapped = platform_.unmap({}, range); !unmapped)
        return base::propagate(unmapped);
    const auto address = addresses_.find(range.first);
    if (address != addresses_.end()) {
        put_registration(address->second, range.length());
        addresses_.erase(address);
    }
    return range.length();
}

/// The second window is made only once, so it is large: up to 64 times the requested length, halved
/// until the platform accepts it. Its pages are 64 KiB where the platform has them, which fit all
/// memory of ppc64.
Result<Window> SpaprV2Backend::add_window(std::uint64_t length) {
    const auto known = TRY(platform_.details());
    if (known.page_sizes == 0)
        return unsupported("create a window", "this platform has no dynamic windows");
    const auto page = page_size();
    const std::uint64_t fitting = known.page_sizes & (2 * page - 1);
    const std::uint64_t chosen = std::bit_floor(fitting != 0 ? fitting : known.page_sizes);
    const std::uint64_t least = std::bit_ceil(std::max(length, chosen));
    const auto shift = static_cast<std::uint32_t>(std::countr_zero(chosen));
    Result<Window> window = fail_call(ENOSPC, "create a window", "SPAPR container");
    for (std::uint64_t size = least << 6; size >= least; size >>= 1) {
        window = platform_.create_window(shift, size);
        if (window || window.error().errnum == ENOSPC)
            break;
    }
    if (window)
        windows_.add(*window);
    return window;
}

Result<Geometry> SpaprV1Backend::geometry() {
    Geometry out;
    if (container_.groups() == 0)
        return out;
    const auto known = TRY(spapr_details(container_));
    if (known.default_window.page_size != 0)
        out.windows.push_back(known.default_window);
    out.page_sizes = known.default_window.page_size;
    return out;
}

Result<std::uint64_t> SpaprV1Backend::unmap(const IovaRange& range) {
    TRY(spapr_unmap(container_, range));
    return range.length();
}

Result<void> SpaprV1Backend::attach_group(const GroupFd& group, const std::string& object) {
    TRY(container_.add(group, object));
    const int answer = container_.call(abi::ContainerCall::kSpaprEnable, nullptr);
    if (answer >= 0)
        return {};
    const auto known = geometry();
    const std::uint64_t window =
        known && !known->windows.empty() ? known->windows.front().range.length() : 0;
    auto failed = fail_call(-answer, "enable DMA", object,
                            answer == -ENOMEM
                                ? "the whole window is counted at once; " +
                                      memlock_hint(container_.calls().memlock_limit(), 0, window)
                            : answer == -EPERM  ? "the group has no DMA window"
                            : answer == -EBUSY  ? "it is enabled already"
                            : answer == -ENODEV ? "no group is in the container"
                                                : "");
    static_cast<void>(container_.remove(group, object));
    return failed;
}

Result<void> SpaprV1Backend::detach_group(const GroupFd& group, const std::string& object) {
    // One group per container: with it everything ends, and the pre-accounting is given back first.
    static_cast<void>(container_.call(abi::ContainerCall::kSpaprDisable, nullptr));
    auto removed = container_.remove(group, object);
    if (!removed)
        static_cast<void>(container_.call(abi::ContainerCall::kSpaprEnable, nullptr));
    return removed;
}

}  // namespace vfio

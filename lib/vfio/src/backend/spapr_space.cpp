// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/spapr_space.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

SpaprSpace::SpaprSpace(std::unique_ptr<SpaprPlatform> platform) : platform_(std::move(platform)) {}
SpaprSpace::~SpaprSpace() = default;

Result<void> SpaprSpace::learn_default_window() {
    if (attached_++ != 0)
        return {};
    const auto known = platform_->details();
    if (!known)
        return base::propagate(known);
    windows_.clear();
    if (known->default_window.page_size != 0)
        windows_.push_back(known->default_window);
    return {};
}

Result<void> SpaprSpace::attach_group(const GroupFd& group, const std::string& object) {
    const std::lock_guard lock(mutex_);
    auto attached = platform_->attach_group(group, object);
    return attached ? learn_default_window() : attached;
}

Result<BoundDevice> SpaprSpace::attach_device(const DeviceToAttach& device) {
    const std::lock_guard lock(mutex_);
    auto attached = platform_->attach_device(device);
    if (!attached)
        return attached;
    if (auto learnt = learn_default_window(); !learnt)
        return base::propagate(learnt);
    return attached;
}

Result<void> SpaprSpace::detach_group(const GroupFd& group, const std::string& object) {
    const std::lock_guard lock(mutex_);
    auto detached = platform_->detach_group(group, object);
    if (detached && attached_ > 0 && --attached_ == 0) {
        // The container lost its driver, and with it windows, mappings and registrations.
        windows_.clear();
        table_.clear();
        registered_.clear();
    }
    return detached;
}

Result<void> SpaprSpace::detach_device(const DeviceToAttach& device) {
    const std::lock_guard lock(mutex_);
    auto detached = platform_->detach_device(device);
    if (detached && attached_ > 0)
        --attached_;
    return detached;
}

Result<SpaprDetails> SpaprSpace::details() {
    const std::lock_guard lock(mutex_);
    return platform_->details();
}

std::vector<Window> SpaprSpace::windows() const {
    const std::lock_guard lock(mutex_);
    return windows_;
}

std::vector<MappedRange> SpaprSpace::mappings() const {
    const std::lock_guard lock(mutex_);
    return table_.all();
}

Result<void> SpaprSpace::register_memory(std::uint64_t address, std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    auto done = platform_->register_memory(address, length);
    if (done)
        registered_[address] = length;
    return done;
}

Result<void> SpaprSpace::unregister_memory(std::uint64_t address, std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    const auto known = registered_.find(address);
    if (known == registered_.end() || known->second != length)
        return platform_->unregister_memory(address, length);
    for (const MappedRange& mapped : table_.all())
        if (mapped.address < address + length && address < mapped.address + mapped.iova.length())
            return fail_call(EBUSY, "unregister memory at " + hex_text(address), "SPAPR space",
                             "some of it is mapped, at " + text(mapped.iova));
    auto done = platform_->unregister_memory(address, length);
    if (done)
        registered_.erase(known);
    return done;
}

Result<Window> SpaprSpace::create_window(std::uint32_t page_shift, std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    auto window = platform_->create_window(page_shift, length);
    if (window) {
        windows_.push_back(*window);
        std::sort(windows_.begin(), windows_.end());
    }
    return window;
}

Result<void> SpaprSpace::remove_window(std::uint64_t start) {
    const std::lock_guard lock(mutex_);
    auto removed = platform_->remove_window(start);
    if (!removed)
        return removed;
    const auto found = std::find_if(windows_.begin(), windows_.end(), [&](const Window& window) {
        return window.range.contains({start, start});
    });
    if (found == windows_.end())
        return {};
    for (const MappedRange& mapped : table_.overlapping(found->range))
        table_.erase(mapped.iova);
    windows_.erase(found);
    return {};
}

namespace {

bool sensible(std::uint64_t start, std::uint64_t length) {
    return length != 0 && length - 1 <= std::numeric_limits<std::uint64_t>::max() - start;
}

}  // namespace

Result<void> SpaprSpace::map(std::uint64_t iova, std::uint64_t address, std::uint64_t length,
                             DmaAccess access) {
    const std::lock_guard lock(mutex_);
    if (!sensible(iova, length) || !sensible(address, length))
        return fail_call(EINVAL, "map at " + hex_text(iova), "SPAPR space");
    const MappedRange piece{
        .iova = {iova, iova + (length - 1)}, .address = address, .access = access};
    if (const auto there = table_.first_overlap(piece.iova))
        return fail_call(EEXIST, "map " + text(piece.iova), "SPAPR space",
                         "in the way: " + text(there->iova));
    auto mapped = platform_->map(piece);
    if (mapped)
        table_.insert(piece);
    return mapped;
}

Result<std::uint64_t> SpaprSpace::unmap(std::uint64_t iova, std::uint64_t length) {
    const std::lock_guard lock(mutex_);
    if (!sensible(iova, length))
        return fail_call(EINVAL, "unmap at " + hex_text(iova), "SPAPR space");
    const IovaRange range{iova, iova + (length - 1)};
    std::uint64_t bytes = 0;
    for (const MappedRange& mapped : table_.overlapping(range)) {
        const IovaRange cut{std::max(mapped.iova.first, range.first),
                            std::min(mapped.iova.last, range.last)};
        if (auto unmapped = platform_->unmap(mapped, cut); !unmapped)
            return base::propagate(unmapped);
        table_.erase(mapped.iova);
        bytes += cut.length();
        MappedRange rest = mapped;
        rest.iova.last = cut.first - 1;
        if (cut.first > mapped.iova.first)
            table_.insert(rest);
        rest = mapped;
        rest.iova.first = cut.last + 1;
        rest.address += rest.iova.first - mapped.iova.first;
        if (cut.last < mapped.iova.last)
            table_.insert(rest);
    }
    return bytes;
}

}  // namespace vfio

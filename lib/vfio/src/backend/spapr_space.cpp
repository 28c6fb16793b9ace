// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/spapr_space.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/backend/window_list.hpp"
#include "vfio/src/space/mapping_table.hpp"

namespace vfio {

struct SpaprSpace::Impl {
    std::unique_ptr<SpaprPlatform> platform;
    std::mutex mutex{};
    WindowList windows{};
    MappingTable table{};
    std::map<std::uint64_t, std::uint64_t> registered{};  ///< address → length
    unsigned attached = 0;

    [[nodiscard]] Result<void> read_default_window();
};

Result<void> SpaprSpace::Impl::read_default_window() {
    if (attached++ != 0)
        return {};
    const SpaprDetails known = TRY(platform->details());
    windows.reset(known.default_window);
    return {};
}

SpaprSpace::SpaprSpace(std::unique_ptr<SpaprPlatform> platform)
    : impl_(new Impl{.platform = std::move(platform)}) {}
SpaprSpace::~SpaprSpace() = default;

Result<void> SpaprSpace::attach_group(const GroupFd& group, const std::string& object) {
    const std::lock_guard lock(impl_->mutex);
    auto attached = impl_->platform->attach_group(group, object);
    return attached ? impl_->read_default_window() : attached;
}

Result<BoundDevice> SpaprSpace::attach_device(const DeviceToAttach& device) {
    const std::lock_guard lock(impl_->mutex);
    auto attached = impl_->platform->attach_device(device);
    if (!attached)
        return attached;
    TRY(impl_->read_default_window());
    return attached;
}

Result<void> SpaprSpace::detach_group(const GroupFd& group, const std::string& object) {
    const std::lock_guard lock(impl_->mutex);
    auto detached = impl_->platform->detach_group(group, object);
    if (detached && impl_->attached > 0 && --impl_->attached == 0) {
        // The container lost its driver, and with it windows, mappings and registrations.
        impl_->windows.clear();
        impl_->table.clear();
        impl_->registered.clear();
    }
    return detached;
}

Result<void> SpaprSpace::detach_device(const DeviceToAttach& device) {
    const std::lock_guard lock(impl_->mutex);
    auto detached = impl_->platform->detach_device(device);
    if (detached && impl_->attached > 0)
        --impl_->attached;
    return detached;
}

Result<SpaprDetails> SpaprSpace::details() {
    const std::lock_guard lock(impl_->mutex);
    return impl_->platform->details();
}

std::vector<Window> SpaprSpace::windows() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->windows.all();
}

std::vector<MappedRange> SpaprSpace::mappings() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->table.all();
}

Result<void> SpaprSpace::register_memory(std::uint64_t address, std::uint64_t length) {
    const std::lock_guard lock(impl_->mutex);
    auto done = impl_->platform->register_memory(address, length);
    if (done)
        impl_->registered[address] = length;
    return done;
}

Result<void> SpaprSpace::unregister_memory(std::uint64_t address, std::uint64_t length) {
    const std::lock_guard lock(impl_->mutex);
    const auto known = impl_->registered.find(address);
    if (known == impl_->registered.end() || known->second != length)
        return impl_->platform->unregister_memory(address, length);
    for (const MappedRange& mapped : impl_->table.all())
        if (mapped.address < address + length && address < mapped.address + mapped.iova.length())
            return fail_call(EBUSY, "unregister memory at " + hex_text(address), "SPAPR space",
                             "some of it is mapped, at " + text(mapped.iova));
    auto done = impl_->platform->unregister_memory(address, length);
    if (done)
        impl_->registered.erase(known);
    return done;
}

Result<Window> SpaprSpace::create_window(std::uint32_t page_shift, std::uint64_t length) {
    const std::lock_guard lock(impl_->mutex);
    auto window = impl_->platform->create_window(page_shift, length);
    if (window)
        impl_->windows.add(*window);
    return window;
}

Result<void> SpaprSpace::remove_window(std::uint64_t start) {
    const std::lock_guard lock(impl_->mutex);
    TRY(impl_->platform->remove_window(start));
    const Window* const window = impl_->windows.find({start, start});
    if (window == nullptr)
        return {};
    const IovaRange range = window->range;
    for (const MappedRange& mapped : impl_->table.overlapping(range))
        impl_->table.erase(mapped.iova);
    impl_->windows.remove(range);
    return {};
}

Result<void> SpaprSpace::map(std::uint64_t iova, std::uint64_t address, std::uint64_t length,
                             DmaAccess access) {
    const std::lock_guard lock(impl_->mutex);
    if (!is_range(iova, length) || !is_range(address, length))
        return fail_call(EINVAL, "map at " + hex_text(iova), "SPAPR space");
    const MappedRange piece{.iova = make_range(iova, length), .address = address, .access = access};
    if (const auto there = impl_->table.first_overlap(piece.iova))
        return fail_call(EEXIST, "map " + text(piece.iova), "SPAPR space",
                         "in the way: " + text(there->iova));
    auto mapped = impl_->platform->map(piece);
    if (mapped)
        impl_->table.insert(piece);
    return mapped;
}

Result<std::uint64_t> SpaprSpace::unmap(std::uint64_t iova, std::uint64_t length) {
    const std::lock_guard lock(impl_->mutex);
    if (!is_range(iova, length))
        return fail_call(EINVAL, "unmap at " + hex_text(iova), "SPAPR space");
    const IovaRange range = make_range(iova, length);
    std::uint64_t bytes = 0;
    for (const MappedRange& mapped : impl_->table.overlapping(range)) {
        const IovaRange cut{std::max(mapped.iova.first, range.first),
                            std::min(mapped.iova.last, range.last)};
        TRY(impl_->platform->unmap(mapped, cut));
        impl_->table.erase(mapped.iova);
        bytes += cut.length();
        MappedRange rest = mapped;
        rest.iova.last = cut.first - 1;
        if (cut.first > mapped.iova.first)
            impl_->table.insert(rest);
        rest = mapped;
        rest.iova.first = cut.last + 1;
        rest.address += rest.iova.first - mapped.iova.first;
        if (cut.last < mapped.iova.last)
            impl_->table.insert(rest);
    }
    return bytes;
}

}  // namespace vfio

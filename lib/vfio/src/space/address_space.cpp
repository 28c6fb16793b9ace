// SPDX-License-Identifier: LGPL-2.1-or-later
// The ioctl that maps a page takes the kernel a few microseconds, so the common path of map() and
// unmap() is short: no heap, no text, no search where the last change was next to this one, and no
// work for what may never be asked (the order of addresses, the allocator's view of IOVAs that
// callers choose).
#include "vfio/address_space.hpp"

#include <cerrno>
#include <mutex>
#include <shared_mutex>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/space/address_space_impl.hpp"
#include "vfio/src/space/file_mapping.hpp"
#include "vfio/src/space/refusal_hints.hpp"

namespace vfio {

using ExclusiveLock = std::unique_lock<RwLock>;
using SharedLock = std::shared_lock<RwLock>;

AddressSpace::AddressSpace(Calls& calls, std::unique_ptr<IommuBackend> iommu_backend)
    : impl_(std::make_unique<Impl>(calls, std::move(iommu_backend))) {}

std::shared_ptr<AddressSpace> AddressSpace::create(Calls& calls,
                                                   std::unique_ptr<IommuBackend> iommu_backend) {
    std::shared_ptr<AddressSpace> space(new AddressSpace(calls, std::move(iommu_backend)));
    // An IOAS can be mapped into before the first device; a container's failure here says that it
    // cannot.
    static_cast<void>(space->impl_->refresh());
    return space;
}

AddressSpace::~AddressSpace() {
    static_cast<void>(unmap_all());
}

Backend AddressSpace::backend() const {
    return impl_->backend->backend();
}
const IommuFd* AddressSpace::iommufd() const {
    return impl_->backend->iommufd();
}
std::uint32_t AddressSpace::ioas_id() const {
    return impl_->backend->ioas_id();
}
IommuBackend& AddressSpace::iommu_backend() {
    return *impl_->backend;
}

Result<void> AddressSpace::attach_group(const GroupFd& group, const std::string& object) {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->attach_group(group, object);
}

Result<void> AddressSpace::detach_group(const GroupFd& group, const std::string& object) {
    const ExclusiveLock lock(impl_->mutex);
    TRY(impl_->backend->detach_group(group, object));
    if (impl_->attached > 0)
        --impl_->attached;
    // An empty container answers nothing; the table stays, for the next group.
    return impl_->is_live() ? impl_->refresh() : Result<void>{};
}

Result<BoundDevice> AddressSpace::attach_device(const DeviceToAttach& device) {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->attach_device(device);
}

Result<void> AddressSpace::detach_device(const DeviceToAttach& device) {
    const ExclusiveLock lock(impl_->mutex);
    TRY(impl_->backend->detach_device(device));
    if (impl_->attached > 0)
        --impl_->attached;
    return impl_->refresh();
}

Result<void> AddressSpace::device_opened() {
    if (backend() != Backend::kIommufdCompat)
        return {};
    const ExclusiveLock lock(impl_->mutex);
    return impl_->refresh();
}

Error AddressSpace::explain_refusal(Error error, const std::string& group) const {
    const SharedLock lock(impl_->mutex);
    return explain_attach_refusal(std::move(error), group, impl_->iovas.table(), impl_->calls);
}

// Maps.

[[gnu::flatten]] Result<MappedRange> AddressSpace::map(const MapRequest& request) {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->map_locked(request);
}

Result<Mapping> AddressSpace::map_scoped(const MapRequest& request) {
    return Mapping(shared_from_this(), TRY(map(request)));
}

Result<MappedRange> AddressSpace::map_keyed(std::uint64_t key, const MapRequest& request) {
    const ExclusiveLock lock(impl_->mutex);
    if (impl_->keyed.contains(key))
        return base::fail(Code::kBusy, map_operation(request), "key " + std::to_string(key),
                          "it has a mapping already");
    const MappedRange mapped = TRY(impl_->map_locked(request));
    impl_->keyed.emplace(key, mapped.iova);
    return mapped;
}

Result<std::vector<MappedRange>> AddressSpace::map_batch(std::span<const MapRequest> requests) {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->map_batch(requests);
}

Result<MappedRange> AddressSpace::map_file(const FileRequest& request) {
    const ExclusiveLock lock(impl_->mutex);
    return vfio::map_file(*impl_, request);
}

Result<MappedRange> AddressSpace::share(const AddressSpace& from, const IovaRange& range,
                                        std::optional<std::uint64_t> iova) {
    if (&from == this)
        return base::fail(Code::kInvalid, "share " + text(range), "address space",
                          "it is the same address space");
    std::optional<MappedRange> source;
    {
        const SharedLock lock(from.impl_->mutex);
        source = from.impl_->iovas.table().at_iova(range);
    }
    if (!source || source->iova != range)
        return fail_call(ENOENT, "share " + text(range), from.impl_->object(),
                         "not exactly one mapping there");
    const ExclusiveLock lock(impl_->mutex);
    return share_mapping(*impl_, *from.impl_->backend, *source, iova);
}

[[gnu::flatten]] Result<std::uint64_t> AddressSpace::unmap(std::uint64_t iova,
                                                           std::uint64_t length) {
    if (length == 0)
        return 0;
    if (!is_range(iova, length))
        return fail_call(EOVERFLOW, "unmap at " + hex_text(iova), impl_->object(),
                         "the range wraps around");
    const ExclusiveLock lock(impl_->mutex);
    return impl_->unmap_locked(make_range(iova, length));
}

Result<std::uint64_t> AddressSpace::unmap_all() {
    const ExclusiveLock lock(impl_->mutex);
    const std::uint64_t bytes = TRY(impl_->unmap_locked({0, kLastAddress}));
    impl_->keyed.clear();
    return bytes;
}

Result<std::uint64_t> AddressSpace::unmap_keyed(std::uint64_t key) {
    const ExclusiveLock lock(impl_->mutex);
    const auto found = impl_->keyed.find(key);
    if (found == impl_->keyed.end())
        return 0;
    const std::uint64_t bytes = TRY(impl_->unmap_locked(found->second));
    impl_->keyed.erase(key);
    return bytes;
}

// Lookups.

std::optional<std::uint64_t> AddressSpace::to_iova(std::uint64_t address,
                                                   std::uint64_t length) const {
    {
        const SharedLock lock(impl_->mutex);
        if (impl_->iovas.table().indexed())
            return impl_->iovas.table().translate(address, length);
    }
    const ExclusiveLock lock(impl_->mutex);
    impl_->iovas.table().index_addresses();
    return impl_->iovas.table().translate(address, length);
}

std::optional<std::uint64_t> AddressSpace::to_address(std::uint64_t iova,
                                                      std::uint64_t length) const {
    if (!is_range(iova, length))
        return std::nullopt;
    const SharedLock lock(impl_->mutex);
    return impl_->iovas.table().translate_iova(make_range(iova, length));
}

std::vector<MappedRange> AddressSpace::mappings() const {
    const SharedLock lock(impl_->mutex);
    return impl_->iovas.table().all();
}

Geometry AddressSpace::geometry() const {
    const SharedLock lock(impl_->mutex);
    return impl_->geometry;
}

Result<Geometry> AddressSpace::query() {
    const ExclusiveLock lock(impl_->mutex);
    TRY(impl_->refresh());
    return impl_->geometry;
}

std::vector<IovaRange> AddressSpace::ranges() const {
    const SharedLock lock(impl_->mutex);
    return window_ranges(impl_->geometry.windows);
}

Result<std::uint64_t> AddressSpace::page_sizes() {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->backend->page_sizes();
}

// What only some backends have.

Result<void> AddressSpace::allow_ranges(std::span<const IovaRange> wanted) {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->backend->allow_ranges(wanted);
}

Result<void> AddressSpace::set_accounting(Accounting accounting) {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->backend->set_accounting(accounting);
}

Result<void> AddressSpace::start_dirty_tracking() {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->backend->start_dirty();
}

Result<void> AddressSpace::stop_dirty_tracking() {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->backend->stop_dirty();
}

Result<void> AddressSpace::read_dirty(const IovaRange& range, std::uint64_t page_size,
                                      std::span<std::uint64_t> bitmap) {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->read_dirty(range, page_size, bitmap);
}

Result<void> AddressSpace::adopt_process(std::span<const MappedRange> mappings,
                                         std::span<const Relocation> relocations) {
    const ExclusiveLock lock(impl_->mutex);
    return impl_->adopt(mappings, relocations);
}

}  // namespace vfio

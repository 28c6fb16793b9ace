// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/address_space.hpp"

#include <cerrno>
#include <limits>
#include <mutex>
#include <shared_mutex>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();

}  // namespace

AddressSpace::AddressSpace(Calls& calls, std::unique_ptr<IommuBackend> iommu_backend)
    : calls_(calls),
      backend_(std::move(iommu_backend)),
      persistent_(backend_->lifetime() == IommuBackend::Lifetime::kPersistent) {}

std::shared_ptr<AddressSpace> AddressSpace::create(Calls& calls,
                                                   std::unique_ptr<IommuBackend> iommu_backend) {
    std::shared_ptr<AddressSpace> space(new AddressSpace(calls, std::move(iommu_backend)));
    // An iommufd's can be mapped into before the first device; a container's cannot, and this says
    // so.
    static_cast<void>(space->refresh());
    return space;
}

AddressSpace::~AddressSpace() {
    static_cast<void>(unmap_all());
}

void AddressSpace::erase_mapping(MappingTable::MappingCursor place, const IovaRange& range) {
    if (table_.erase_at(place, range) == MappingTable::IovaTracking::kTracked)
        iovas_.release(range);
    if (!own_memory_.empty())
        drop_own_memory(range);
}

[[gnu::noinline]] void AddressSpace::drop_own_memory(const IovaRange& range) {
    if (const auto own = own_memory_.find(range.first); own != own_memory_.end()) {
        calls_.munmap(reinterpret_cast<void*>(own->second.address), own->second.iova.length());
        own_memory_.erase(own);
    }
}

/// By far the most unmaps: exactly what was mapped.
inline Result<std::uint64_t> AddressSpace::unmap_exact(MappingTable::MappingCursor place,
                                                       const IovaRange& range) {
    auto unmapped = backend_->unmap(range);
    if (unmapped)
        erase_mapping(place, range);
    return unmapped;
}

Result<std::uint64_t> AddressSpace::unmap_locked(const IovaRange& range) {
    if (is_live())
        if (const auto place = table_.find_exact(range))
            return unmap_exact(*place, range);
    return unmap_covered(range);
}

[[gnu::noinline]] Result<std::uint64_t> AddressSpace::unmap_covered(const IovaRange& range) {
    const bool live = this->is_live();
    const std::vector<MappedRange> covered = table_.overlapping(range);
    if (covered.empty())
        return 0;
    for (const MappedRange& mapped : {covered.front(), covered.back()})
        if (!range.contains(mapped.iova))
            return fail_call(EINVAL, "unmap " + text(range), std::string(name(backend())),
                             "it cuts the mapping " + text(mapped.iova) +
                                 ", which goes as a whole or not at all");
    std::uint64_t bytes = 0;
    if (live && backend_->unmap_scope() == IommuBackend::UnmapScope::kManyMappings) {
        const auto unmapped =
            backend_->unmap({covered.front().iova.first, covered.back().iova.last});
        if (!unmapped)
            return unmapped;
        bytes = *unmapped;
    }
    for (const MappedRange& mapped : covered) {
        if (live && backend_->unmap_scope() == IommuBackend::UnmapScope::kOneMapping) {
            const auto unmapped = backend_->unmap(mapped.iova);
            if (!unmapped)
                return unmapped;
            bytes += *unmapped;
        }
        if (!live)
            bytes += mapped.iova.length();  // the kernel dropped them with the last group
        erase_mapping(*table_.find_exact(mapped.iova), mapped.iova);
    }
    return bytes;
}

[[gnu::flatten]] Result<std::uint64_t> AddressSpace::unmap(std::uint64_t iova,
                                                           std::uint64_t length) {
    if (length == 0)
        return 0;
    if (length - 1 > kTop - iova)
        return fail_call(EOVERFLOW, "unmap at " + hex_text(iova), std::string(name(backend())),
                         "the range wraps around");
    const std::unique_lock lock(mutex_);
    return unmap_locked({iova, iova + (length - 1)});
}

Result<std::uint64_t> AddressSpace::unmap_all() {
    const std::unique_lock lock(mutex_);
    auto unmapped = unmap_locked({0, kTop});
    if (unmapped)
        keyed_.clear();
    return unmapped;
}

Result<std::uint64_t> AddressSpace::unmap_keyed(std::uint64_t key) {
    const std::unique_lock lock(mutex_);
    const auto found = keyed_.find(key);
    if (found == keyed_.end())
        return 0;
    auto unmapped = unmap_locked(found->second);
    if (unmapped)
        keyed_.erase(key);
    return unmapped;
}

std::optional<std::uint64_t> AddressSpace::to_iova(std::uint64_t address,
                                                   std::uint64_t length) const {
    {
        const std::shared_lock lock(mutex_);
        if (table_.indexed())
            return table_.translate(address, length);
    }
    const std::unique_lock lock(mutex_);
    table_.index_addresses();
    return table_.translate(address, length);
}

std::optional<std::uint64_t> AddressSpace::to_address(std::uint64_t iova,
                                                      std::uint64_t length) const {
    if (length == 0 || length - 1 > kTop - iova)
        return std::nullopt;
    const std::shared_lock lock(mutex_);
    return table_.translate_iova({iova, iova + (length - 1)});
}

std::vector<MappedRange> AddressSpace::mappings() const {
    const std::shared_lock lock(mutex_);
    return table_.all();
}

}  // namespace vfio

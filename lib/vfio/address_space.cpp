// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/address_space.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>
#include <mutex>

#include "vfio/error.hpp"

namespace vfio {

namespace {

constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLargestPage = std::uint64_t{1} << 30;

std::string where(const MapRequest& request) {
    return request.iova ? "map at " + hex_text(*request.iova) : "map";
}

}  // namespace

AddressSpace::AddressSpace(Calls& calls, std::unique_ptr<Backing> backing)
    : calls_(calls), backing_(std::move(backing)) {}

std::shared_ptr<AddressSpace> AddressSpace::create(Calls& calls, std::unique_ptr<Backing> backing) {
    std::shared_ptr<AddressSpace> space(new AddressSpace(calls, std::move(backing)));
    // An iommufd's can be mapped into before the first device; a container's cannot, and this says
    // so.
    static_cast<void>(space->refresh());
    return space;
}

AddressSpace::~AddressSpace() {
    static_cast<void>(unmap_all());
}

/// What could never be right is refused here, with the reason the kernel's EINVAL does not give.
Result<void> AddressSpace::check(const MapRequest& request) const {
    const auto object = [&] { return std::string(name(backend())); };
    if (request.length == 0)
        return fail_call(EINVAL, where(request), object(), "the length is 0");
    if (request.length - 1 > kTop - request.address ||
        (request.iova && request.length - 1 > kTop - *request.iova))
        return fail_call(EOVERFLOW, where(request), object(), "the range wraps around");
    if (backend() == Backend::kNoiommu)
        return sysfs::fail(Code::kUnsupported, where(request), object(),
                           "there is no translation: devices see physical addresses");
    const bool empty = attached_ == 0 && backing_->lifetime() == Backing::Lifetime::kWithGroups;
    if (empty || geometry_.windows.empty())
        return sysfs::fail(Code::kRefused, where(request), object(), "no device is attached yet");
    std::uint64_t granule = kTop;
    for (const Window& window : geometry_.windows)
        granule = std::min(granule, window.page_size);
    if (((request.address | request.length) & (granule - 1)) != 0)
        return fail_call(EINVAL, where(request), object(),
                         "address and length must be multiples of " + hex_text(granule));
    return {};
}

Result<IovaRange> AddressSpace::place(const MapRequest& request) {
    if (request.iova) {
        const IovaRange range{*request.iova, *request.iova + (request.length - 1)};
        auto reserved = iovas_.reserve(range);
        if (!reserved) {
            Error failed = reserved.error();
            failed.operation = where(request);
            failed.object = name(backend());
            const auto there = table_.first_overlap(range);
            if (failed.errnum == EEXIST && there)
                failed.hint = "in the way: the mapping " + text(there->iova);
            return tl::unexpected<Error>(std::move(failed));
        }
        return range;
    }
    // Huge pages of the memory meet huge pages of the IOMMU only if both addresses are congruent.
    // That is a wish, so without room for it any aligned place will do; an alignment asked for is
    // an order.
    const bool wish = request.alignment == 0;
    const std::uint64_t alignment =
        wish ? std::min(std::bit_floor(request.length), kLargestPage) : request.alignment;
    IovaAllocator::Wanted wanted{.length = request.length,
                                 .alignment = alignment,
                                 .phase = request.address,
                                 .within = request.within};
    auto range = iovas_.allocate(wanted);
    if (!range && wish && range.error().errnum == ENOSPC) {
        wanted.alignment = 0;
        range = iovas_.allocate(wanted);
    }
    if (!range && range.error().errnum == ENOSPC && !request.within) {
        if (const auto grown = backing_->grow(request.length)) {
            if (auto known = refresh(); !known)
                return sysfs::propagate(known);
            range = iovas_.allocate(wanted);
        }
    }
    return range;
}

Result<Mapped> AddressSpace::map_with(const MapRequest& request, Origin origin, const Make& make) {
    if (auto sound = check(request); !sound)
        return sysfs::propagate(sound);
    // Another user of the same iommufd may have mapped where we think it is free: such a place
    // stays reserved, and the next one is tried.
    constexpr int kStrangers = 16;
    for (int attempt = 0;; ++attempt) {
        const auto range = place(request);
        if (!range)
            return sysfs::propagate(range);
        const Mapped piece{
            .iova = *range, .address = request.address, .access = request.access, .origin = origin};
        auto made = make(piece);
        if (made) {
            table_.insert(piece);
            return piece;
        }
        if (made.error().errnum == EEXIST && !request.iova && attempt < kStrangers)
            continue;
        iovas_.release(*range);
        return tl::unexpected<Error>(advised(std::move(made.error()), piece));
    }
}

Result<Mapped> AddressSpace::map_locked(const MapRequest& request) {
    return map_with(request, Origin::kMemory,
                    [this](const Mapped& piece) { return backing_->map(piece); });
}

Result<Mapped> AddressSpace::map(const MapRequest& request) {
    const std::unique_lock lock(mutex_);
    return map_locked(request);
}

Result<Mapping> AddressSpace::map_scoped(const MapRequest& request) {
    const auto mapped = map(request);
    if (!mapped)
        return sysfs::propagate(mapped);
    return Mapping(shared_from_this(), *mapped);
}

Result<Mapped> AddressSpace::map_keyed(std::uint64_t key, const MapRequest& request) {
    const std::unique_lock lock(mutex_);
    if (keyed_.contains(key))
        return sysfs::fail(Code::kBusy, where(request), "key " + std::to_string(key),
                           "it has a mapping already");
    auto mapped = map_locked(request);
    if (mapped)
        keyed_.emplace(key, mapped->iova);
    return mapped;
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

void AddressSpace::forget(const Mapped& mapped) {
    table_.erase(mapped);
    iovas_.release(mapped.iova);
    if (own_memory_.empty())
        return;
    if (const auto own = own_memory_.find(mapped.iova.first); own != own_memory_.end()) {
        calls_.munmap(reinterpret_cast<void*>(own->second.address), own->second.iova.length());
        own_memory_.erase(own);
    }
}

Result<std::uint64_t> AddressSpace::unmap_locked(const IovaRange& range) {
    const bool live = attached_ > 0 || backing_->lifetime() == Backing::Lifetime::kOwn;
    // By far the most unmaps take back exactly what was mapped.
    const auto exact = table_.at_iova(range);
    if (exact && exact->iova == range && live) {
        auto unmapped = backing_->unmap(range);
        if (unmapped)
            forget(*exact);
        return unmapped;
    }
    const std::vector<Mapped> covered = table_.overlapping(range);
    if (covered.empty())
        return 0;
    for (const Mapped& mapped : {covered.front(), covered.back()})
        if (!range.contains(mapped.iova))
            return fail_call(EINVAL, "unmap " + text(range), std::string(name(backend())),
                             "it cuts the mapping " + text(mapped.iova) +
                                 ", which goes as a whole or not at all");
    std::uint64_t bytes = 0;
    if (live && backing_->reach() == Backing::Reach::kManyMappings) {
        const auto unmapped =
            backing_->unmap({covered.front().iova.first, covered.back().iova.last});
        if (!unmapped)
            return unmapped;
        bytes = *unmapped;
    }
    for (const Mapped& mapped : covered) {
        if (live && backing_->reach() == Backing::Reach::kOneMapping) {
            const auto unmapped = backing_->unmap(mapped.iova);
            if (!unmapped)
                return unmapped;
            bytes += *unmapped;
        }
        if (!live)
            bytes += mapped.iova.length();  // the kernel dropped them with the last group
        forget(mapped);
    }
    return bytes;
}

Result<std::uint64_t> AddressSpace::unmap(std::uint64_t iova, std::uint64_t length) {
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

std::optional<std::uint64_t> AddressSpace::to_iova(std::uint64_t address,
                                                   std::uint64_t length) const {
    const std::shared_lock lock(mutex_);
    return table_.translate(address, length);
}

std::optional<std::uint64_t> AddressSpace::to_address(std::uint64_t iova,
                                                      std::uint64_t length) const {
    if (length == 0 || length - 1 > kTop - iova)
        return std::nullopt;
    const std::shared_lock lock(mutex_);
    return table_.translate_iova({iova, iova + (length - 1)});
}

std::vector<Mapped> AddressSpace::mappings() const {
    const std::shared_lock lock(mutex_);
    return table_.all();
}

}  // namespace vfio

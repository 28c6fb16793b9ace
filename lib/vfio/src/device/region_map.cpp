// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/region_map.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "base/try.hpp"
#include "vfio/abi/region.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kGibibyte = 1ULL << 30;

/// What the base of a mapping must be a multiple of for the kernel (6.12) to use its largest page:
/// a power of two that is no larger than the region, 1 GiB at most.
std::uint64_t alignment(std::uint64_t size) {
    return std::clamp(std::bit_floor(size), kPage, kGibibyte);
}

int protection(const Region& region) {
    return (region.readable() ? PROT_READ : 0) | (region.writable() ? PROT_WRITE : 0);
}

}  // namespace

RegionMap::RegionMap(RegionMap&& other) noexcept
    : calls_(other.calls_),
      reservation_(std::exchange(other.reservation_, nullptr)),
      reserved_(other.reserved_),
      base_(std::exchange(other.base_, nullptr)),
      size_(other.size_),
      areas_(std::move(other.areas_)) {}

RegionMap& RegionMap::operator=(RegionMap&& other) noexcept {
    if (this != &other) {
        unmap();
        calls_ = other.calls_;
        reservation_ = std::exchange(other.reservation_, nullptr);
        reserved_ = other.reserved_;
        base_ = std::exchange(other.base_, nullptr);
        size_ = other.size_;
        areas_ = std::move(other.areas_);
    }
    return *this;
}

RegionMap::~RegionMap() {
    unmap();
}

void RegionMap::unmap() {
    if (reservation_ != nullptr)
        calls_->munmap(reservation_, reserved_);
    reservation_ = nullptr;
}

// One reservation without access, larger than the region by its alignment; the areas replace their
// parts of it. So the areas keep their distances, and one munmap ends all of them.
Result<RegionMap> RegionMap::map(Calls& calls, const DeviceFd& fd, const Region& region,
                                 const std::string& name) {
    const std::vector<RegionArea> areas = region.mappable();
    if (areas.empty())
        return base::fail(Code::kUnsupported, "mmap", name, "the region cannot be mapped",
                          "read and write it through the device instead");
    const std::uint64_t align = alignment(region.size);
    const std::uint64_t reserved = region.size + align;
    if (reserved < region.size)
        return base::fail(Code::kInvalid, "mmap", name, "the region is too large to map whole");
    auto reservation = TRY(calls.mmap({.fd = -1, .length = reserved, .protection = PROT_NONE}));
    const auto start = reinterpret_cast<std::uintptr_t>(reservation);
    auto* base = static_cast<std::byte*>(reservation) + ((align - start % align) % align);
    RegionMap made(calls, reservation, reserved, base, region.size);
    for (const RegionArea& area : areas) {
        auto mapped = calls.mmap({.fd = fd.get(),
                                  .length = area.size,
                                  .protection = protection(region),
                                  .offset = region.offset + area.offset,
                                  .at = base + area.offset,
                                  .fixed = Calls::Fixed::kReplace});
        if (!mapped) {
            Error error = mapped.error();
            error.object = name;
            return tl::unexpected<Error>(std::move(error));
        }
        made.areas_.push_back(area);
    }
    return made;
}

std::span<std::byte> RegionMap::at(std::uint64_t offset, std::uint64_t length) const {
    for (const RegionArea& area : areas_)
        if (offset >= area.offset && offset - area.offset <= area.size &&
            area.size - (offset - area.offset) >= length)
            return {base_ + offset, length};
    return {};
}

}  // namespace vfio

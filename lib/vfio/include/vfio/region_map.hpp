// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vfio/calls.hpp"
#include "vfio/export.hpp"
#include "vfio/region.hpp"

namespace vfio {

/// A region's mappable areas in this process' memory, at one address: byte `n` of the region is at
/// base() + n wherever an area covers it, and anything else in between faults. Unmaps at the end;
/// does not need the device fd after that it was made. The base is aligned as large pfn mappings
/// want it (up to 1 GiB by the region's size), so that a fault fills a huge page. Touching it while
/// memory decoding is off is SIGBUS.
class VFIO_EXPORT RegionMap {
  public:
    RegionMap(RegionMap&& other) noexcept;
    RegionMap& operator=(RegionMap&& other) noexcept;
    RegionMap(const RegionMap&) = delete;
    RegionMap& operator=(const RegionMap&) = delete;
    ~RegionMap();

    /// Maps all that `region` allows, read and write as its flags say. kUnsupported when that is
    /// nothing.
    [[nodiscard]] static Result<RegionMap> map(Calls& calls, const DeviceFd& fd,
                                               const Region& region, const std::string& name);

    [[nodiscard]] std::byte* base() const { return base_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] const std::vector<RegionArea>& areas() const { return areas_; }
    /// Where [offset, offset + length) of the region is; empty when some area does not cover all of
    /// it.
    [[nodiscard]] std::span<std::byte> at(std::uint64_t offset, std::uint64_t length) const;

  private:
    RegionMap(Calls& calls, void* reservation, std::uint64_t reserved, std::byte* base,
              std::uint64_t size)
        : calls_(&calls),
          reservation_(reservation),
          reserved_(reserved),
          base_(base),
          size_(size) {}
    void unmap();

    Calls* calls_;
    void* reservation_;
    std::uint64_t reserved_;
    std::byte* base_;
    std::uint64_t size_;
    std::vector<RegionArea> areas_;
};

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "vfio/calls.hpp"
#include "vfio/export.hpp"
#include "vfio/region.hpp"

namespace vfio {

/// Reads and writes one region through the device fd. Borrows the fd and the calls; both must
/// outlive it. Accesses are checked against the region's size and rights, and a short transfer is
/// an error, as the kernel may do part of one. EIO: memory decoding is off, or the device is
/// suspended.
class VFIO_EXPORT RegionIo {
  public:
    RegionIo(Calls& calls, const DeviceFd& fd, Region region, std::string name)
        : calls_(&calls), fd_(&fd), region_(std::move(region)), name_(std::move(name)) {}

    /// `offset` is in bytes from the region's start.
    [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<std::byte> into) const;
    [[nodiscard]] Result<void> write(std::uint64_t offset, std::span<const std::byte> from) const;

    /// One access of the value's own width, little-endian as PCI is.
    [[nodiscard]] Result<std::uint8_t> read8(std::uint64_t offset) const;
    [[nodiscard]] Result<std::uint16_t> read16(std::uint64_t offset) const;
    [[nodiscard]] Result<std::uint32_t> read32(std::uint64_t offset) const;
    [[nodiscard]] Result<std::uint64_t> read64(std::uint64_t offset) const;
    [[nodiscard]] Result<void> write8(std::uint64_t offset, std::uint8_t value) const;
    [[nodiscard]] Result<void> write16(std::uint64_t offset, std::uint16_t value) const;
    [[nodiscard]] Result<void> write32(std::uint64_t offset, std::uint32_t value) const;
    [[nodiscard]] Result<void> write64(std::uint64_t offset, std::uint64_t value) const;

    [[nodiscard]] const Region& region() const { return region_; }

  private:
    [[nodiscard]] Result<void> check(std::uint64_t offset, std::uint64_t length,
                                     std::uint32_t right, const char* operation) const;
    Calls* calls_;
    const DeviceFd* fd_;
    Region region_;
    std::string name_;  ///< "0000:01:00.0 BAR 0", for messages
};

}  // namespace vfio

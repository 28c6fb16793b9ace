// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "vfio/device.hpp"

/// QEMU's `edu` (1234:11e8), an educational device: a DMA engine with a buffer, and an interrupt
/// that software raises. Driven through BAR 0 of an open device, which it borrows. Its DMA reaches
/// 28 bits. The registers are those of QEMU's docs/specs/edu.
class Edu {
  public:
    static constexpr vfio::IovaRange kReach{0, (1U << 28) - 1};
    static constexpr std::uint32_t kDmaInterrupt = 0x100;
    enum class Direction : std::uint32_t { kFromMemory = 0, kToMemory = 2 };
    enum class Notify : std::uint32_t { kNot = 0, kInterrupt = 4 };

    [[nodiscard]] static vfio::Result<Edu> open(const vfio::VfioDevice& device);

    [[nodiscard]] const vfio::RegionIo& registers() const { return registers_; }
    /// Between memory at `iova` and the device's own buffer; returns when it is done.
    [[nodiscard]] vfio::Result<void> transfer(Direction direction, std::uint64_t iova,
                                              std::uint32_t bytes,
                                              Notify notify = Notify::kNot) const;
    [[nodiscard]] vfio::Result<void> raise(std::uint32_t interrupt) const;
    [[nodiscard]] vfio::Result<std::uint32_t> pending() const;
    [[nodiscard]] vfio::Result<void> acknowledge(std::uint32_t interrupt) const;

  private:
    explicit Edu(vfio::RegionIo registers) : registers_(std::move(registers)) {}
    vfio::RegionIo registers_;
};

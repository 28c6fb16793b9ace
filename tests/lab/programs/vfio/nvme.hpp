// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "vfio/device.hpp"

/// An NVMe controller with its admin queue only: enough to let it identify itself by DMA. Owns the
/// queues' memory, mapped in the device's address space; disables the controller before it unmaps
/// them. The registers are those of the NVMe Base Specification, 3.1.
class Nvme {
  public:
    [[nodiscard]] static vfio::Result<Nvme> start(const vfio::VfioDevice& device);
    Nvme(Nvme&& other) noexcept;
    Nvme(const Nvme&) = delete;
    Nvme& operator=(const Nvme&) = delete;
    ~Nvme();

    /// Puts Identify Controller into the queue; its 4096 bytes go to `iova`.
    [[nodiscard]] vfio::Result<void> submit_identify(std::uint64_t iova);
    /// The status of the oldest command, as soon as there is one: 0 is success.
    [[nodiscard]] vfio::Result<std::uint16_t> complete();
    [[nodiscard]] vfio::Result<bool> ready() const;

    /// Bytes 4 to 23 of what Identify Controller writes, without the blanks.
    [[nodiscard]] static std::string serial(const std::byte* identity);

  private:
    Nvme(vfio::RegionIo registers, vfio::Mapping queues, std::byte* memory);
    [[nodiscard]] vfio::Result<void> wait_for(bool ready) const;
    [[nodiscard]] vfio::Result<void> enable();

    vfio::RegionIo registers_;
    vfio::Mapping queues_;  ///< a page of submissions, a page of completions
    std::byte* memory_;     ///< where they are here; null once moved from
    std::uint64_t stride_ = 4;
    std::uint16_t tail_ = 0;
    std::uint16_t head_ = 0;
    std::uint16_t phase_ = 1;
};

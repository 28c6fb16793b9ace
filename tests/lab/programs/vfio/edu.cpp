// SPDX-License-Identifier: LGPL-2.1-or-later
#include "edu.hpp"

#include <unistd.h>

#include <cerrno>

namespace {

constexpr std::uint64_t kPending = 0x24;
constexpr std::uint64_t kRaise = 0x60;
constexpr std::uint64_t kAcknowledge = 0x64;
constexpr std::uint64_t kSource = 0x80;
constexpr std::uint64_t kDestination = 0x88;
constexpr std::uint64_t kCount = 0x90;
constexpr std::uint64_t kCommand = 0x98;
constexpr std::uint32_t kRun = 1;
constexpr std::uint32_t kBuffer = 0x40000;  ///< where the device's own memory is, to its engine

}  // namespace

vfio::Result<Edu> Edu::open(const vfio::VfioDevice& device) {
    if (const auto on = device.set_bus_mastering(vfio::BusMaster::kOn); !on)
        return base::propagate(on);
    const auto bar = device.region(0);
    if (!bar)
        return base::propagate(bar);
    return Edu(device.io(*bar));
}

vfio::Result<void> Edu::transfer(Direction direction, std::uint64_t iova, std::uint32_t bytes,
                                 Notify notify) const {
    const bool out = direction == Direction::kToMemory;
    const auto memory = static_cast<std::uint32_t>(iova);
    for (const auto& [offset, value] :
         {std::pair{kSource, out ? kBuffer : memory},
          {kDestination, out ? memory : kBuffer},
          {kCount, bytes},
          {kCommand, kRun | std::uint32_t(direction) | std::uint32_t(notify)}})
        if (const auto written = registers_.write32(offset, value); !written)
            return written;
    // The engine works off a timer of 100 ms; a busy emulator may take far longer.
    for (int tries = 0; tries < 2000; ++tries) {
        const auto command = registers_.read32(kCommand);
        if (!command)
            return base::propagate(command);
        if ((*command & kRun) == 0)
            return {};
        ::usleep(5000);
    }
    return base::fail_errno(ETIMEDOUT, "DMA", "edu");
}

vfio::Result<void> Edu::raise(std::uint32_t interrupt) const {
    return registers_.write32(kRaise, interrupt);
}

vfio::Result<std::uint32_t> Edu::pending() const {
    return registers_.read32(kPending);
}

vfio::Result<void> Edu::acknowledge(std::uint32_t interrupt) const {
    return registers_.write32(kAcknowledge, interrupt);
}

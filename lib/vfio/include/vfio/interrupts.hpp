// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "vfio/device.hpp"
#include "vfio/export.hpp"

namespace vfio {

/// Interrupts of one index, received through eventfds; disabled when destroyed. Poll the eventfds
/// (fd()) in an event loop, or wait() for one at a time. Must not outlive its device.
class VFIO_EXPORT Interrupts {
  public:
    /// Enables vectors 0 to `count` - 1. When the kernel has fewer it is asked again for those, so
    /// size() may be less; an index with none at all is kUnsupported.
    [[nodiscard]] static Result<Interrupts> enable(const VfioDevice& device, std::uint32_t index,
                                                   std::uint32_t count);
    Interrupts(Interrupts&& other) noexcept;
    Interrupts& operator=(Interrupts&&) = delete;
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
    ~Interrupts();

    [[nodiscard]] std::uint32_t size() const {
        return static_cast<std::uint32_t>(eventfds_.size());
    }
    [[nodiscard]] int fd(std::uint32_t vector) const { return eventfds_.at(vector).get(); }
    /// How often the vector fired since the last wait; 0 after `timeout` without. INTx is masked by
    /// the kernel as it fires: unmask() when the device has been served.
    [[nodiscard]] Result<std::uint64_t> wait(std::uint32_t vector,
                                             std::chrono::milliseconds timeout) const;
    [[nodiscard]] Result<void> unmask() const;
    [[nodiscard]] Result<void> trigger(std::uint32_t vector) const;

  private:
    Interrupts(const VfioDevice& device, Irq irq) : device_(&device), irq_(irq) {}

    const VfioDevice* device_;
    Irq irq_;
    std::vector<UniqueFd> eventfds_;
};

}  // namespace vfio

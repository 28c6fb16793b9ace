// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vfio/calls.hpp"
#include "vfio/export.hpp"

namespace vfio {

/// One interrupt index of a device: on PCI 0 INTx, 1 MSI, 2 MSI-X, 3 error, 4 request. `count` 0:
/// the device has none. Source: VFIO_DEVICE_GET_IRQ_INFO.
struct VFIO_EXPORT Irq {
    std::uint32_t index = 0;
    std::uint32_t count = 0;
    std::uint32_t flags = 0;  ///< abi::kIrq*

    [[nodiscard]] bool eventfd() const;
    [[nodiscard]] bool maskable() const;
    [[nodiscard]] bool automasked() const;  ///< masks itself when it fires, as INTx does
    /// Vectors can be added one by one only when this is false (MSI-X since 6.3).
    [[nodiscard]] bool noresize() const;
    auto operator<=>(const Irq&) const = default;
};

/// kUnsupported for an index that this device does not know (EINVAL): the error interrupt of a
/// device that is not PCI Express, say.
[[nodiscard]] VFIO_EXPORT Result<Irq> read_irq(Calls& calls, const DeviceFd& fd,
                                               std::uint32_t index, const std::string& device);

/// "INTx", "MSI", "MSI-X", "error", "request", ... by the kind of device; "irq 7" beyond.
[[nodiscard]] VFIO_EXPORT std::string irq_name(std::uint32_t index, std::uint32_t device_flags);
/// "eventfd", "maskable", "automasked", "noresize".
[[nodiscard]] VFIO_EXPORT std::vector<std::string> irq_flag_names(std::uint32_t flags);

/// What enabling came to. The kernel answers with a number when fewer vectors are to be had than
/// were asked for: nothing is enabled then, and the caller asks again with that many, or does
/// without.
struct EnabledVectors {
    std::uint32_t vectors = 0;    ///< enabled now; 0 when `available` is set
    std::uint32_t available = 0;  ///< how many there would have been
};

/// Has vectors `first`... of an index signal these eventfds; -1 takes a vector's away. INTx, MSI
/// and MSI-X exclude each other (EINVAL while another is on).
[[nodiscard]] VFIO_EXPORT Result<EnabledVectors> set_eventfds(Calls& calls, const DeviceFd& fd,
                                                              std::uint32_t index,
                                                              std::uint32_t first,
                                                              std::span<const int> eventfds,
                                                              const std::string& device);
/// Everything of an index off. An index without interrupts is off already (the kernel has EINVAL).
[[nodiscard]] VFIO_EXPORT Result<void> disable_irq(Calls& calls, const DeviceFd& fd, const Irq& irq,
                                                   const std::string& device);
/// As if the device had raised them: a loop-back for tests of a handler.
[[nodiscard]] VFIO_EXPORT Result<void> trigger_irq(Calls& calls, const DeviceFd& fd,
                                                   std::uint32_t index, std::uint32_t first,
                                                   std::uint32_t count, const std::string& device);

enum class Masking { kMask, kUnmask };
[[nodiscard]] VFIO_EXPORT Result<void> mask_irq(Calls& calls, const DeviceFd& fd,
                                                std::uint32_t index, Masking masking,
                                                const std::string& device);
/// Has the kernel unmask INTx whenever this eventfd is signalled (resampling); -1 ends it. The mask
/// side has no such thing (ENOTTY).
[[nodiscard]] VFIO_EXPORT Result<void> set_unmask_eventfd(Calls& calls, const DeviceFd& fd,
                                                          std::uint32_t index, int eventfd,
                                                          const std::string& device);

}  // namespace vfio

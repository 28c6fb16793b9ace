// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vfio/abi/feature.hpp"
#include "vfio/calls.hpp"
#include "vfio/export.hpp"
#include "vfio/iova_range.hpp"

namespace vfio {

/// VFIO_DEVICE_FEATURE: what a device can do beyond regions and interrupts. Every call here first
/// fails with kUnsupported when the device has no such feature (the kernel's ENOTTY). Source: the
/// feature numbers up to Linux 7.2.

/// Which directions of a feature the device takes, as its PROBE answers.
struct FeatureSupport {
    abi::FeatureId id{};
    bool get = false;
    bool set = false;
    auto operator<=>(const FeatureSupport&) const = default;
};

/// Probes each feature that this library knows; features that the device lacks are left out.
[[nodiscard]] VFIO_EXPORT std::vector<FeatureSupport> probe_features(Calls& calls,
                                                                     const DeviceFd& fd);
/// "vf-token", "migration", "dma-logging-start", "dma-buf", ...
[[nodiscard]] VFIO_EXPORT std::string feature_name(abi::FeatureId id);

/// Sets the token that VFs of this PF must be opened with.
[[nodiscard]] VFIO_EXPORT Result<void> set_vf_token(Calls& calls, const DeviceFd& fd,
                                                    const std::array<std::uint8_t, 16>& uuid,
                                                    const std::string& device);

/// Lets the device sleep while it is not accessed; any access wakes it. With an eventfd (not -1)
/// that is signalled when it wakes by itself.
[[nodiscard]] VFIO_EXPORT Result<void> enter_low_power(Calls& calls, const DeviceFd& fd,
                                                       const std::string& device,
                                                       int wakeup_eventfd = -1);
[[nodiscard]] VFIO_EXPORT Result<void> exit_low_power(Calls& calls, const DeviceFd& fd,
                                                      const std::string& device);

/// The device's own log of the pages it writes. `page_size` is a power of two of 4096 at least;
/// ranges must not overlap (EINVAL) and the device bounds their number (E2BIG). Returns the page
/// size in use.
[[nodiscard]] VFIO_EXPORT Result<std::uint64_t> start_dma_logging(Calls& calls, const DeviceFd& fd,
                                                                  std::uint64_t page_size,
                                                                  std::span<const IovaRange> ranges,
                                                                  const std::string& device);
[[nodiscard]] VFIO_EXPORT Result<void> stop_dma_logging(Calls& calls, const DeviceFd& fd,
                                                        const std::string& device);
/// One bit per page of `range`, set ones are dirty; bits accumulate until they are read.
[[nodiscard]] VFIO_EXPORT Result<std::vector<std::uint64_t>> read_dma_log(
    Calls& calls, const DeviceFd& fd, const IovaRange& range, std::uint64_t page_size,
    const std::string& device);

/// A dma-buf of parts of a region, for other devices to reach it by (peer-to-peer). A reset of the
/// device, or switching memory decoding off, revokes it: what was mapped from it must be mapped
/// again.
[[nodiscard]] VFIO_EXPORT Result<UniqueFd> export_dma_buf(Calls& calls, const DeviceFd& fd,
                                                          std::uint32_t region,
                                                          std::span<const abi::DmaBufRange> ranges,
                                                          const std::string& device);

/// Whether a device may start transactions on its bus: DMA, and interrupts by messages.
enum class BusMaster : std::uint32_t { kOff = 0, kOn = 1 };
/// Of a CDX device. VfioDevice::set_bus_mastering() is for PCI.
[[nodiscard]] VFIO_EXPORT Result<void> set_bus_master(Calls& calls, const DeviceFd& fd,
                                                      BusMaster state, const std::string& device);

/// The ioctl behind all of these. `payload` is input and output. `flags` is kFeatureGet or
/// kFeatureSet, with the feature's number added. Returns the kernel's answer when 0 or more.
[[nodiscard]] VFIO_EXPORT Result<int> feature_call(Calls& calls, const DeviceFd& fd,
                                                   abi::FeatureId id, std::uint32_t flags,
                                                   std::span<std::byte> payload,
                                                   const std::string& device);

}  // namespace vfio

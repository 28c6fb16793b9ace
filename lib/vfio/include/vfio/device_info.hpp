// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vfio/calls.hpp"
#include "vfio/cap_chain.hpp"
#include "vfio/export.hpp"

namespace vfio {

/// What CLP says of a zPCI function (capability 1). `fh`, the function handle, since version 2.
struct ZpciBase {
    std::uint64_t start_dma = 0;
    std::uint64_t end_dma = 0;
    std::uint16_t pchid = 0;
    std::uint16_t vfn = 0;
    std::uint16_t fmb_length = 0;
    std::uint8_t pft = 0;
    std::uint8_t gid = 0;
    std::optional<std::uint32_t> fh;
    auto operator<=>(const ZpciBase&) const = default;
};

/// What CLP says of a zPCI function's group (capability 2). `imaxstbl`, the longest store block of
/// interpreted access, since version 2.
struct ZpciGroup {
    std::uint64_t dasm = 0;
    std::uint64_t msi_addr = 0;
    std::uint64_t flags = 0;
    std::uint16_t mui = 0;
    std::uint16_t noi = 0;
    std::uint16_t maxstbl = 0;
    std::uint8_t version = 0;
    std::optional<std::uint16_t> imaxstbl;
    auto operator<=>(const ZpciGroup&) const = default;
};

/// Widths of atomic operations that the device may complete by its root port (capability 5).
struct AtomicCompletion {
    bool bits32 = false;
    bool bits64 = false;
    bool bits128 = false;
    auto operator<=>(const AtomicCompletion&) const = default;
};

/// What kind of device an fd is, and how many regions and interrupts it has. Source:
/// VFIO_DEVICE_GET_INFO.
struct VFIO_EXPORT DeviceInfo {
    std::uint32_t flags = 0;  ///< abi::kDevice*
    std::uint32_t regions = 0;
    std::uint32_t irqs = 0;
    std::optional<ZpciBase> zpci_base;
    std::optional<ZpciGroup> zpci_group;
    std::optional<std::string> zpci_util;                ///< utility string, from EBCDIC; printable
    std::optional<std::vector<std::uint8_t>> zpci_path;  ///< function path, raw
    std::optional<AtomicCompletion> atomics;
    CapChain caps;  ///< all of them, the unknown ones too

    [[nodiscard]] bool can_reset() const;
    [[nodiscard]] bool is_pci() const;
};

[[nodiscard]] VFIO_EXPORT Result<DeviceInfo> read_device_info(Calls& calls, const DeviceFd& fd,
                                                              const std::string& device);
/// Parses the kernel's bytes (the structure and the chain behind it).
[[nodiscard]] VFIO_EXPORT DeviceInfo parse_device_info(std::span<const std::byte> info);

/// "reset", "pci", "platform", "amba", "ccw", "ap", "fsl-mc", "caps", "cdx", unknown bits as hex.
[[nodiscard]] VFIO_EXPORT std::vector<std::string> device_flag_names(std::uint32_t flags);
/// "zpci-base", ..., or "id 17" for one this library does not know.
[[nodiscard]] VFIO_EXPORT std::string device_cap_name(std::uint16_t id);

}  // namespace vfio

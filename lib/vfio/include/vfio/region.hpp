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

/// A part of a region that may be mapped, in bytes from the region's start.
struct RegionArea {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    auto operator<=>(const RegionArea&) const = default;
};

/// What a region above the fixed ones is: identified by this pair, never by its index.
struct VFIO_EXPORT RegionType {
    std::uint32_t type = 0;
    std::uint32_t subtype = 0;

    /// The vendor id of a PCI vendor's own type.
    [[nodiscard]] std::optional<std::uint16_t> pci_vendor() const;
    auto operator<=>(const RegionType&) const = default;
};

/// One region of a device: a BAR, the config space, or whatever else the driver offers. `size` 0
/// means that the device has none at this index. `offset` is where it starts in the device fd, the
/// only way to find it. Source: VFIO_DEVICE_GET_REGION_INFO.
struct VFIO_EXPORT Region {
    std::uint32_t index = 0;
    std::uint32_t flags = 0;  ///< abi::kRegion*
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
    std::optional<RegionType> type;
    /// Present with the sparse capability: only these areas map. Absent: all of it maps, if any
    /// does.
    std::optional<std::vector<RegionArea>> sparse;
    bool msix_mappable = false;                       ///< the MSI-X table's pages map with the rest
    std::optional<std::uint64_t> nvlink2_target;      ///< retired; kernels up to 5.12
    std::optional<std::uint32_t> nvlink2_link_speed;  ///< retired; kernels up to 5.12
    CapChain caps;                                    ///< all of them, the unknown ones too

    [[nodiscard]] bool readable() const;
    [[nodiscard]] bool writable() const;
    /// The areas that mmap takes: none, the sparse ones (clipped to the region), or all of it.
    [[nodiscard]] std::vector<RegionArea> mappable() const;
};

/// Reads one region's info. kUnsupported for an index that this device does not know (EINVAL), such
/// as the VGA region of a device without VGA.
[[nodiscard]] VFIO_EXPORT Result<Region> read_region(Calls& calls, const DeviceFd& fd,
                                                     std::uint32_t index,
                                                     const std::string& device);

/// A region out of the kernel's own bytes (the structure and the capability chain behind it).
[[nodiscard]] VFIO_EXPORT Region parse_region(std::span<const std::byte> info);

/// "BAR 0", "config", "ROM", "8086 OpRegion", ... as a person names it.
[[nodiscard]] VFIO_EXPORT std::string region_name(const Region& region, bool is_pci);

}  // namespace vfio

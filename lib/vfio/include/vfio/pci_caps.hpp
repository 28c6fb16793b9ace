// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vfio/export.hpp"

namespace vfio {

/// Which of the two lists a capability is in.
enum class PciCapKind : std::uint8_t { kConventional, kExtended };

/// One capability of a PCI function's configuration space: where it starts and what it is.
/// `version` is 0 for a conventional one.
struct PciCap {
    std::uint16_t id = 0;
    std::uint16_t offset = 0;
    std::uint8_t version = 0;
    PciCapKind kind = PciCapKind::kConventional;
    auto operator<=>(const PciCap&) const = default;
};

/// Both lists of a configuration space, in list order. A list that points outside, at unaligned or
/// reserved offsets, or back to itself ends there and `defect` says so; devices are allowed to be
/// broken.
struct VFIO_EXPORT PciCaps {
    std::vector<PciCap> caps;
    std::string defect;

    [[nodiscard]] const PciCap* find(std::uint16_t id,
                                     PciCapKind kind = PciCapKind::kConventional) const;
    bool operator==(const PciCaps&) const = default;
};

/// Walks `config`: 64 bytes (what an ordinary user may read: no capability is in there), 256, or
/// 4096. Source: PCI Express Base Specification, 7.5.1.1.11 and 7.6.3.
[[nodiscard]] VFIO_EXPORT PciCaps walk_pci_caps(std::span<const std::byte> config);

/// "MSI-X", "PCI Express", "AER", ... or "id 0x2e".
[[nodiscard]] VFIO_EXPORT std::string pci_cap_name(const PciCap& cap);

}  // namespace vfio

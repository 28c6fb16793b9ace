// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "policy/model/policy_model.hpp"

namespace vfioctl {

/// One entry of a driver's `ids=` parameter: vendor:device[:subvendor[:subdevice[:class[:mask]]]],
/// all hex; ffffffff (the kernel's PCI_ANY_ID) is any.
struct PciIdEntry {
    static constexpr std::uint32_t kAny = 0xffffffff;
    std::uint32_t vendor = kAny;
    std::uint32_t device = kAny;
    std::uint32_t subsystem_vendor = kAny;
    std::uint32_t subsystem_device = kAny;
    std::uint32_t class_code = 0;
    std::uint32_t class_mask = 0;
    std::string text;     ///< without blanks around it
    std::string ignored;  ///< the end of the text, where the kernel stops reading

    /// Whether both may match one device.
    [[nodiscard]] bool overlaps(const PciIdEntry& other) const;
};

/// One entry as vfio_pci_fill_ids() reads it (sscanf, "%x:%x:%x:%x:%x:%x"): kInvalid where it would
/// ignore it.
[[nodiscard]] base::Result<PciIdEntry> parse_pci_id_entry(std::string_view text);

/// As a match: kUnsupported for an entry that no match expresses (a mask of half a digit, an entry
/// for every device).
[[nodiscard]] base::Result<policy::Match> to_match(const PciIdEntry& entry);

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/pci_caps.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <utility>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

constexpr std::size_t kStatus = 0x06;
constexpr unsigned kStatusCapList = 0x10;
constexpr std::size_t kHeaderType = 0x0e;
constexpr std::size_t kHeaderSize = 0x40;
constexpr std::size_t kConventionalSize = 0x100;
constexpr std::size_t kExtendedSize = 0x1000;

std::uint8_t byte_at(std::span<const std::byte> config, std::size_t offset) {
    return offset < config.size() ? std::to_integer<std::uint8_t>(config[offset]) : std::uint8_t{0};
}

std::uint32_t dword_at(std::span<const std::byte> config, std::size_t offset) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(byte_at(config, offset + i)) << (8 * i);
    return value;
}

/// CardBus bridges keep the pointer elsewhere.
std::size_t first_pointer(std::span<const std::byte> config) {
    return (byte_at(config, kHeaderType) & 0x7f) == 2 ? 0x14 : 0x34;
}

void walk_conventional(std::span<const std::byte> config, PciCaps& out) {
    if ((byte_at(config, kStatus) & kStatusCapList) == 0 || config.size() <= kHeaderSize)
        return;
    std::bitset<kConventionalSize> seen;
    // The two low bits are reserved and to be masked, says the specification.
    std::size_t offset = byte_at(config, first_pointer(config)) & 0xfcU;
    while (offset != 0) {
        const std::string at = "capability at " + hex_text(offset);
        if (offset < kHeaderSize)
            out.defect = at + " lies in the header";
        else if (offset + 2 > std::min(config.size(), kConventionalSize))
            out.defect = at + " lies outside";
        else if (seen[offset])
            out.defect = at + " comes a second time";
        // A device that was removed reads as all ones.
        else if (byte_at(config, offset) == 0xff)
            out.defect = at + " reads as all ones";
        if (!out.defect.empty())
            return;
        seen[offset] = true;
        out.caps.push_back({.id = byte_at(config, offset),
                            .offset = static_cast<std::uint16_t>(offset),
                            .version = 0,
                            .kind = PciCapKind::kConventional});
        offset = byte_at(config, offset + 1) & 0xfcU;
    }
}

void walk_extended(std::span<const std::byte> config, PciCaps& out) {
    if (config.size() < kConventionalSize + 4)
        return;
    std::bitset<kExtendedSize> seen;
    std::size_t offset = kConventionalSize;
    while (offset != 0) {
        const std::string at = "extended capability at " + hex_text(offset);
        if (offset < kConventionalSize)
            out.defect = at + " lies in the conventional space";
        else if (offset + 4 > std::min(config.size(), kExtendedSize))
            out.defect = at + " lies outside";
        else if (seen[offset])
            out.defect = at + " comes a second time";
        if (!out.defect.empty())
            return;
        seen[offset] = true;
        const std::uint32_t header = dword_at(config, offset);
        // An empty list is a first header of zeroes; a device without the space reads ones.
        if (header == 0 || header == 0xffffffff)
            return;
        out.caps.push_back({.id = static_cast<std::uint16_t>(header & 0xffff),
                            .offset = static_cast<std::uint16_t>(offset),
                            .version = static_cast<std::uint8_t>((header >> 16) & 0xf),
                            .kind = PciCapKind::kExtended});
        offset = (header >> 20) & 0xffc;
    }
}

using CapName = std::pair<std::uint16_t, const char*>;
constexpr std::array kConventionalNames = {
    CapName{0x01, "Power Management"},
    CapName{0x03, "VPD"},
    CapName{0x04, "Slot ID"},
    CapName{0x05, "MSI"},
    CapName{0x07, "PCI-X"},
    CapName{0x08, "HyperTransport"},
    CapName{0x09, "Vendor Specific"},
    CapName{0x0a, "Debug Port"},
    CapName{0x0d, "Subsystem ID"},
    CapName{0x0e, "AGP"},
    CapName{0x10, "PCI Express"},
    CapName{0x11, "MSI-X"},
    CapName{0x12, "SATA"},
    CapName{0x13, "Advanced Features"},
    CapName{0x14, "Enhanced Allocation"},
};
constexpr std::array kExtendedNames = {
    CapName{0x01, "AER"},
    CapName{0x02, "Virtual Channel"},
    CapName{0x03, "Device Serial Number"},
    CapName{0x04, "Power Budgeting"},
    CapName{0x0b, "Vendor Specific"},
    CapName{0x0d, "ACS"},
    CapName{0x0e, "ARI"},
    CapName{0x0f, "ATS"},
    CapName{0x10, "SR-IOV"},
    CapName{0x13, "Page Request"},
    CapName{0x15, "Resizable BAR"},
    CapName{0x17, "TPH"},
    CapName{0x18, "LTR"},
    CapName{0x19, "Secondary PCI Express"},
    CapName{0x1b, "PASID"},
    CapName{0x1d, "DPC"},
    CapName{0x1e, "L1 PM Substates"},
    CapName{0x1f, "PTM"},
    CapName{0x23, "Designated Vendor-Specific"},
    CapName{0x24, "VF Resizable BAR"},
    CapName{0x25, "Data Link Feature"},
    CapName{0x26, "Physical Layer 16 GT/s"},
    CapName{0x27, "Lane Margining"},
    CapName{0x2a, "Physical Layer 32 GT/s"},
    CapName{0x2e, "DOE"},
};

}  // namespace

const PciCap* PciCaps::find(std::uint16_t id, PciCapKind kind) const {
    const auto found = std::find_if(caps.begin(), caps.end(), [&](const PciCap& cap) {
        return cap.id == id && cap.kind == kind;
    });
    return found == caps.end() ? nullptr : &*found;
}

PciCaps walk_pci_caps(std::span<const std::byte> config) {
    PciCaps out;
    walk_conventional(config, out);
    if (out.defect.empty())
        walk_extended(config, out);
    return out;
}

std::string pci_cap_name(const PciCap& cap) {
    const auto look_up = [&](const auto& names) -> std::string {
        for (const auto& [id, name] : names)
            if (id == cap.id)
                return name;
        return "id " + hex_text(cap.id);
    };
    return cap.kind == PciCapKind::kExtended ? look_up(kExtendedNames)
                                             : look_up(kConventionalNames);
}

}  // namespace vfio

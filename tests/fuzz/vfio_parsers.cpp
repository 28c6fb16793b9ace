// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fuzz/vfio_parsers.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "vfio/abi/capability.hpp"
#include "vfio/abi/container.hpp"
#include "vfio/abi/device.hpp"
#include "vfio/abi/region.hpp"
#include "vfio/device_info.hpp"
#include "vfio/pci_caps.hpp"
#include "vfio/region.hpp"
#include "vfio/src/backend/type1_backend.hpp"

namespace {

void require(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

/// The chain as the kernel's header defines it, walked in the simplest way.
std::vector<std::uint32_t> reachable(std::span<const std::byte> info, std::size_t fixed,
                                     std::uint32_t first) {
    std::vector<std::uint32_t> offsets;
    std::set<std::uint32_t> seen;
    for (std::uint32_t at = first;
         at >= fixed && std::uint64_t{at} + sizeof(vfio::abi::CapHeader) <= info.size() &&
         seen.insert(at).second;) {
        offsets.push_back(at);
        vfio::abi::CapHeader header;
        std::memcpy(&header, info.data() + at, sizeof header);
        at = header.next;
    }
    return offsets;
}

void check_chain(const vfio::CapChain& chain, std::span<const std::byte> info, std::size_t fixed,
                 std::uint32_t first) {
    const std::vector<std::uint32_t> offsets = reachable(info, fixed, first);
    require(chain.caps.size() == offsets.size(), "every capability is kept, and no other");
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        const vfio::Capability& cap = chain.caps[i];
        vfio::abi::CapHeader header;
        std::memcpy(&header, info.data() + offsets[i], sizeof header);
        require(cap.id == header.id && cap.version == header.version, "in the chain's order");
        require(cap.bytes.size() >= sizeof header && cap.bytes.size() <= info.size() - offsets[i],
                "with bytes that are there");
        require(std::memcmp(cap.bytes.data(), info.data() + offsets[i], cap.bytes.size()) == 0,
                "and are its own");
    }
    if (chain.defect.empty() && !offsets.empty()) {
        vfio::abi::CapHeader last;
        std::memcpy(&last, info.data() + offsets.back(), sizeof last);
        require(last.next == 0, "a sound chain ends with 0");
    }
}

template <typename Fixed>
Fixed fixed_part(std::span<const std::byte> info) {
    Fixed fixed{};
    std::memcpy(&fixed, info.data(), std::min(sizeof fixed, info.size()));
    return fixed;
}

void check_device(std::span<const std::byte> info) {
    const vfio::DeviceInfo parsed = vfio::parse_device_info(info);
    const auto fixed = fixed_part<vfio::abi::DeviceInfoHeader>(info);
    const bool caps =
        info.size() >= vfio::abi::kDeviceInfoOldSize && (fixed.flags & vfio::abi::kDeviceCaps) != 0;
    check_chain(parsed.caps, info, sizeof fixed, caps ? fixed.cap_offset : 0);
    for (const char c : parsed.zpci_util.value_or(""))
        require(c >= ' ' && c < 0x7f, "the utility string is printable");
}

void check_region(std::span<const std::byte> info) {
    const vfio::Region parsed = vfio::parse_region(info);
    const auto fixed = fixed_part<vfio::abi::RegionInfo>(info);
    const bool caps = info.size() >= sizeof fixed && (fixed.flags & vfio::abi::kRegionCaps) != 0;
    check_chain(parsed.caps, info, sizeof fixed, caps ? fixed.cap_offset : 0);
    for (const vfio::RegionArea& area : parsed.mappable())
        require(
            area.size > 0 && area.offset < parsed.size && area.size <= parsed.size - area.offset,
            "an area to map lies in its region");
    require(!vfio::region_name(parsed, true).empty(), "it has a name");
}

void check_type1(std::span<const std::byte> info) {
    const vfio::Type1Details parsed = vfio::parse_type1_info(info);
    const auto fixed = fixed_part<vfio::abi::Type1Info>(info);
    const bool caps = (fixed.flags & vfio::abi::kType1InfoCaps) != 0;
    check_chain(parsed.caps, info, sizeof fixed, caps ? fixed.cap_offset : 0);
    for (const vfio::Window& window : parsed.geometry.windows)
        require(window.range.first <= window.range.last && window.page_size != 0,
                "a window is one");
}

void check_config(std::span<const std::byte> config) {
    std::set<unsigned> seen;
    for (const vfio::PciCap& cap : vfio::walk_pci_caps(config).caps) {
        const bool extended = cap.kind == vfio::PciCapKind::kExtended;
        require(cap.offset % 4 == 0 && cap.offset + (extended ? 4U : 2U) <= config.size(),
                "a capability lies in the config space");
        require((cap.offset >= 0x100) == extended, "each in its own part");
        require(seen.insert(cap.offset).second, "each once");
        require(!vfio::pci_cap_name(cap).empty(), "it has a name");
    }
}

}  // namespace

void check_vfio_parsers(std::uint8_t kind, std::span<const std::byte> bytes) {
    const auto block = std::make_unique<std::byte[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), block.get());
    const std::span<const std::byte> exact(block.get(), bytes.size());
    switch (kind % 4) {
        case 0:
            return check_device(exact);
        case 1:
            return check_region(exact);
        case 2:
            return check_type1(exact);
        case 3:
            return check_config(exact);
    }
}

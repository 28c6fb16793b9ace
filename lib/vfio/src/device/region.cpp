// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/region.hpp"

#include <algorithm>
#include <array>

#include "sysfs/device/names.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/abi/region.hpp"
#include "vfio/src/abi/argsz_call.hpp"

namespace vfio {
namespace {

std::vector<RegionArea> sparse_areas(const Capability& capability, std::uint32_t count) {
    std::vector<RegionArea> areas;
    std::size_t offset = sizeof(abi::RegionCapSparseMmap);
    // The count is bounded by the bytes that exist.
    for (std::uint32_t i = 0; i < count; ++i, offset += sizeof(abi::SparseMmapArea)) {
        const auto area = capability.at<abi::SparseMmapArea>(offset);
        if (!area)
            break;
        areas.push_back({area->offset, area->size});
    }
    return areas;
}

void take(Region& region, const Capability& capability) {
    switch (capability.id) {
        case abi::kRegionCapSparseMmap:
            if (const auto cap = capability.as<abi::RegionCapSparseMmap>())
                region.sparse = sparse_areas(capability, cap->nr_areas);
            break;
        case abi::kRegionCapType:
            if (const auto cap = capability.as<abi::RegionCapType>())
                region.type = RegionType{cap->type, cap->subtype};
            break;
        case abi::kRegionCapMsixMappable:
            region.msix_mappable = true;
            break;
        case abi::kRegionCapNvlink2Ssatgt:
            if (const auto cap = capability.as<abi::RegionCapNvlink2Ssatgt>())
                region.nvlink2_target = cap->tgt;
            break;
        case abi::kRegionCapNvlink2Lnkspd:
            if (const auto cap = capability.as<abi::RegionCapNvlink2Lnkspd>())
                region.nvlink2_link_speed = cap->link_speed;
            break;
        default:  // the kernel may add ids; unknown ones stay in `caps`
            break;
    }
}

struct TypeName {
    std::uint32_t type;
    std::uint32_t subtype;
    const char* name;
};
constexpr std::uint32_t vendor_type(std::uint32_t vendor) {
    return abi::kRegionTypePciVendor | vendor;
}
constexpr std::array kTypeNames = {
    TypeName{vendor_type(0x8086), abi::kSubtypeIgdOpregion, "Intel OpRegion"},
    TypeName{vendor_type(0x8086), abi::kSubtypeIgdHostCfg, "Intel host bridge config"},
    TypeName{vendor_type(0x8086), abi::kSubtypeIgdLpcCfg, "Intel LPC bridge config"},
    TypeName{vendor_type(0x10de), abi::kSubtypeNvlink2Ram, "NVLink2 RAM (retired)"},
    TypeName{vendor_type(0x1014), abi::kSubtypeNvlink2Atsd, "NVLink2 ATSD (retired)"},
    TypeName{abi::kRegionTypeGfx, abi::kSubtypeGfxEdid, "EDID"},
    TypeName{abi::kRegionTypeCcw, abi::kSubtypeCcwAsyncCmd, "CCW async command"},
    TypeName{abi::kRegionTypeCcw, abi::kSubtypeCcwSchib, "CCW SCHIB"},
    TypeName{abi::kRegionTypeCcw, abi::kSubtypeCcwCrw, "CCW CRW"},
    TypeName{abi::kRegionTypeMigrationV1, abi::kSubtypeMigrationV1, "migration v1 (deprecated)"},
};

}  // namespace

std::optional<std::uint16_t> RegionType::pci_vendor() const {
    if ((type & abi::kRegionTypePciVendor) == 0)
        return std::nullopt;
    return static_cast<std::uint16_t>(type & abi::kRegionTypePciVendorMask);
}

bool Region::readable() const {
    return (flags & abi::kRegionRead) != 0;
}
bool Region::writable() const {
    return (flags & abi::kRegionWrite) != 0;
}

std::vector<RegionArea> Region::mappable() const {
    if ((flags & abi::kRegionMmap) == 0 || size == 0)
        return {};
    if (!sparse)
        return {{0, size}};
    std::vector<RegionArea> areas;
    for (const RegionArea& area : *sparse) {
        if (area.offset >= size || area.size == 0)
            continue;
        areas.push_back({area.offset, std::min(area.size, size - area.offset)});
    }
    return areas;
}

Region parse_region(std::span<const std::byte> bytes) {
    Region region;
    abi::RegionInfo info{};
    if (bytes.size() < sizeof info)
        return region;
    std::memcpy(&info, bytes.data(), sizeof info);
    region.index = info.index;
    region.flags = info.flags;
    region.size = info.size;
    region.offset = info.offset;
    if ((info.flags & abi::kRegionCaps) != 0)
        region.caps = read_cap_chain(bytes, sizeof info, info.cap_offset);
    for (const Capability& capability : region.caps.caps)
        take(region, capability);
    return region;
}

Result<Region> read_region(Calls& calls, const DeviceFd& fd, std::uint32_t index,
                           const std::string& device) {
    abi::RegionInfo input{};
    input.index = index;
    auto info = argsz_call(
        input,
        [&](void* buffer) {
            return device_call(calls, fd, abi::DeviceCall::kGetRegionInfo, buffer);
        },
        "region info of index " + std::to_string(index), device);
    if (!info) {
        Error error = info.error();
        if (error.errnum == EINVAL)
            error.code = Code::kUnsupported;
        return tl::unexpected<Error>(std::move(error));
    }
    return parse_region(info->bytes);
}

std::string region_name(const Region& region, bool is_pci) {
    if (is_pci && region.index < abi::kPciNumRegions) {
        switch (static_cast<abi::PciRegion>(region.index)) {
            case abi::PciRegion::kBar0:
            case abi::PciRegion::kBar1:
            case abi::PciRegion::kBar2:
            case abi::PciRegion::kBar3:
            case abi::PciRegion::kBar4:
            case abi::PciRegion::kBar5:
                return "BAR " + std::to_string(region.index);
            case abi::PciRegion::kRom:
                return "ROM";
            case abi::PciRegion::kConfig:
                return "config";
            case abi::PciRegion::kVga:
                return "VGA";
        }
    }
    if (!region.type)
        return "region " + std::to_string(region.index);
    for (const TypeName& known : kTypeNames)
        if (known.type == region.type->type && known.subtype == region.type->subtype)
            return known.name;
    if (const auto vendor = region.type->pci_vendor())
        return "vendor " + base::to_hex(*vendor, 4) + " type " +
               std::to_string(region.type->subtype);
    return "type " + std::to_string(region.type->type) + "." + std::to_string(region.type->subtype);
}

}  // namespace vfio

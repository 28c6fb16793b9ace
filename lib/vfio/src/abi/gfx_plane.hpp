// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace vfio::abi {

inline constexpr std::uint32_t kGfxPlaneProbe = 1U << 0;
inline constexpr std::uint32_t kGfxPlaneDmabuf = 1U << 1;
inline constexpr std::uint32_t kGfxPlaneRegion = 1U << 2;
/// A virtual display's plane (mdpy, kvmgt, vGPUs).
struct GfxPlaneInfo {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t drm_plane_type;
    std::uint32_t drm_format;
    std::uint64_t drm_format_mod;
    std::uint32_t width;
    std::uint32_t height;
    std::uint32_t stride;
    std::uint32_t size;
    std::uint32_t x_pos;
    std::uint32_t y_pos;
    std::uint32_t x_hot;
    std::uint32_t y_hot;
    std::uint32_t region_or_dmabuf;  ///< region index, or dma-buf id
    std::uint32_t reserved;
};

/// The header of a GFX EDID region.
struct GfxEdid {
    std::uint32_t edid_offset;
    std::uint32_t edid_max_size;
    std::uint32_t edid_size;
    std::uint32_t max_xres;
    std::uint32_t max_yres;
    std::uint32_t link_state;  ///< 1 up, 2 down
};

static_assert(sizeof(GfxPlaneInfo) == 64 && offsetof(GfxPlaneInfo, drm_format_mod) == 16 &&
              offsetof(GfxPlaneInfo, region_or_dmabuf) == 56);
static_assert(sizeof(GfxEdid) == 24);

}  // namespace vfio::abi

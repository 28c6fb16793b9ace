// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vfio/calls.hpp"
#include "vfio/export.hpp"

namespace vfio {

/// How a virtual display (mdpy, kvmgt, a vendor's vGPU) shows its picture: in a region of the
/// device, or as dma-bufs that a GPU can take.
enum class GfxSource : std::uint32_t { kDmabuf = 1U << 1, kRegion = 1U << 2 };
/// DRM's kinds of planes (drm_mode.h).
enum class GfxPlaneKind : std::uint32_t { kOverlay = 0, kPrimary = 1, kCursor = 2 };

/// One plane as the guest has set it up now; the guest may change it at any time.
struct GfxPlane {
    std::uint32_t format = 0;  ///< DRM's fourcc
    std::uint64_t modifier = 0;
    std::uint32_t width = 0;  ///< pixels
    std::uint32_t height = 0;
    std::uint32_t stride = 0;  ///< bytes
    std::uint32_t size = 0;    ///< bytes
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    std::uint32_t hot_x = 0;  ///< of a cursor
    std::uint32_t hot_y = 0;
    std::uint32_t handle = 0;  ///< kRegion: the region's index; kDmabuf: what gfx_dmabuf() takes
    auto operator<=>(const GfxPlane&) const = default;
};

/// Whether the device has a display of that kind. Source: VFIO_DEVICE_QUERY_GFX_PLANE with its
/// probe flag.
[[nodiscard]] VFIO_EXPORT bool has_gfx(Calls& calls, const DeviceFd& fd, GfxSource source);

/// kUnsupported: no display, or not that way; kNotFound: the guest shows nothing there yet.
[[nodiscard]] VFIO_EXPORT Result<GfxPlane> query_gfx_plane(Calls& calls, const DeviceFd& fd,
                                                           GfxSource source, GfxPlaneKind kind,
                                                           const std::string& device);

/// The picture behind a plane's handle as a dma-buf. kNotFound: the handle is of an older picture.
[[nodiscard]] VFIO_EXPORT Result<UniqueFd> gfx_dmabuf(Calls& calls, const DeviceFd& fd,
                                                      std::uint32_t handle,
                                                      const std::string& device);

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/gfx.hpp"

#include <cerrno>

#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/abi/gfx_plane.hpp"

namespace vfio {

static_assert(static_cast<std::uint32_t>(GfxSource::kDmabuf) == abi::kGfxPlaneDmabuf &&
              static_cast<std::uint32_t>(GfxSource::kRegion) == abi::kGfxPlaneRegion);

namespace {

int query_plane(Calls& calls, const DeviceFd& fd, std::uint32_t flags, abi::GfxPlaneInfo& info) {
    info.argsz = sizeof info;
    info.flags = flags;
    return device_call(calls, fd, abi::DeviceCall::kQueryGfxPlane, &info);
}

}  // namespace

bool has_gfx(Calls& calls, const DeviceFd& fd, GfxSource source) {
    abi::GfxPlaneInfo info{};
    return query_plane(calls, fd, abi::kGfxPlaneProbe | static_cast<std::uint32_t>(source), info) >=
           0;
}

Result<GfxPlane> query_gfx_plane(Calls& calls, const DeviceFd& fd, GfxSource source,
                                 GfxPlaneKind kind, const std::string& device) {
    abi::GfxPlaneInfo info{};
    info.drm_plane_type = static_cast<std::uint32_t>(kind);
    const int answer = query_plane(calls, fd, static_cast<std::uint32_t>(source), info);
    if (answer < 0) {
        auto failed = fail_call(-answer, "query a display plane", device);
        if (answer == -ENOTTY || answer == -EINVAL) {
            failed.value().code = Code::kUnsupported;
            failed.value().hint = "the device has no display, not in this way, or no such plane";
        }
        return failed;
    }
    if (info.drm_format == 0 || info.size == 0)
        return base::fail(Code::kNotFound, "query a display plane", device,
                          "the guest shows nothing there yet");
    return GfxPlane{.format = info.drm_format,
                    .modifier = info.drm_format_mod,
                    .width = info.width,
                    .height = info.height,
                    .stride = info.stride,
                    .size = info.size,
                    .x = info.x_pos,
                    .y = info.y_pos,
                    .hot_x = info.x_hot,
                    .hot_y = info.y_hot,
                    .handle = info.region_or_dmabuf};
}

Result<UniqueFd> gfx_dmabuf(Calls& calls, const DeviceFd& fd, std::uint32_t handle,
                            const std::string& device) {
    const int answer = device_call(calls, fd, abi::DeviceCall::kGetGfxDmabuf, &handle);
    if (answer < 0)
        return fail_call(-answer, "get a display's dma-buf", device,
                         answer == -ENOENT || answer == -EINVAL
                             ? "the handle is of an older picture: query the plane again"
                             : "");
    return UniqueFd(answer);
}

}  // namespace vfio

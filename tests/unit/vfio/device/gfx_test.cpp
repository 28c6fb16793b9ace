// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/gfx.hpp"

#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

/// A device with a virtual display, opened.
class Display : public VfioTest {
  protected:
    Display() : opened(open(Backend::kIommufd)) {
        abi::GfxPlaneInfo plane{};
        plane.flags = abi::kGfxPlaneRegion;
        plane.drm_plane_type = 1;
        plane.drm_format = 0x34325258;
        plane.width = 640;
        plane.height = 480;
        plane.stride = 2560;
        plane.size = 2560 * 480;
        plane.region_or_dmabuf = 9;
        drive.model.plane = plane;
    }
    const DeviceFd& fd() const { return opened.device; }
    Result<GfxPlane> query(GfxSource source, GfxPlaneKind kind = GfxPlaneKind::kPrimary) {
        return query_gfx_plane(calls, fd(), source, kind, "d");
    }
    AttachedDevice opened;
};

TEST_F(Display, IsFoundInTheRegionThatShowsIt) {
    EXPECT_TRUE(has_gfx(calls, fd(), GfxSource::kRegion));
    EXPECT_FALSE(has_gfx(calls, fd(), GfxSource::kDmabuf));
    EXPECT_EQ(query(GfxSource::kRegion).value(), (GfxPlane{.format = 0x34325258,
                                                           .width = 640,
                                                           .height = 480,
                                                           .stride = 2560,
                                                           .size = 2560 * 480,
                                                           .handle = 9}));
    EXPECT_EQ(query(GfxSource::kRegion, GfxPlaneKind::kCursor).error().code, Code::kUnsupported);
    EXPECT_EQ(query(GfxSource::kDmabuf).error().code, Code::kUnsupported);
}

TEST_F(Display, IsGivenAsADmaBufOfTheCurrentPicture) {
    drive.model.plane->flags = abi::kGfxPlaneDmabuf;
    const auto plane = query(GfxSource::kDmabuf);
    ASSERT_TRUE(plane) << failure(plane);
    EXPECT_TRUE(gfx_dmabuf(calls, fd(), plane->handle, "d"));
    EXPECT_EQ(
        failure(gfx_dmabuf(calls, fd(), plane->handle + 1, "d")),
        std::to_string(ENOENT) + ": the handle is of an older picture: query the plane again");
}

TEST_F(Display, ThatShowsNothingYetIsNotFound) {
    drive.model.plane->drm_format = 0;
    EXPECT_EQ(query(GfxSource::kRegion).error().code, Code::kNotFound);
}

TEST_F(Display, IsUnsupportedOnADrive) {
    drive.model.plane.reset();
    EXPECT_FALSE(has_gfx(calls, fd(), GfxSource::kRegion));
    EXPECT_EQ(
        query_gfx_plane(calls, fd(), GfxSource::kRegion, GfxPlaneKind::kPrimary, "d").error().code,
        Code::kUnsupported);
}

}  // namespace
}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/spapr_platform.hpp"

namespace vfio {

SpaprPlatform::~SpaprPlatform() = default;

Result<void> SpaprPlatform::attach_group(const GroupFd&, const std::string& group) {
    return base::fail(Code::kUnsupported, "attach", group, "an iommufd takes devices");
}

Result<void> SpaprPlatform::detach_group(const GroupFd&, const std::string& group) {
    return base::fail(Code::kUnsupported, "detach", group, "an iommufd takes devices");
}

Result<BoundDevice> SpaprPlatform::attach_device(const DeviceToAttach& device) {
    return base::fail(Code::kUnsupported, "attach", device.name, "a container takes groups");
}

Result<void> SpaprPlatform::detach_device(const DeviceToAttach& device) {
    return base::fail(Code::kUnsupported, "detach", device.name, "a container takes groups");
}

}  // namespace vfio

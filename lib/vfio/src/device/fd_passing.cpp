// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/fd_passing.hpp"

#include "base/try.hpp"
#include "vfio/iommufd_backend.hpp"
#include "vfio/src/backend/type1_backend.hpp"

namespace vfio {
namespace {

/// The IOAS belongs to the iommufd: it lives as long as any copy of that fd, and the device stays
/// attached to it.
Result<AttachedDevice> adopt_iommufd_space(Calls& calls, PassedDevice& passed) {
    auto iommu = TRY(adopt_iommu(calls, std::move(passed.iommufd)));
    AttachedDevice out;
    out.space = AddressSpace::create(
        calls, std::make_unique<IommufdBackend>(Ioas::existing(std::move(iommu), passed.ioas),
                                                PageTable::kAutomatic));
    TRY(out.space->query());
    out.bound.device_id = passed.device_id;
    return out;
}

Result<AttachedDevice> adopt_container_space(Calls& calls, PassedDevice& passed) {
    auto container = TRY(adopt<ContainerFd>(calls, std::move(passed.container)));
    auto group = TRY(adopt<GroupFd>(calls, std::move(passed.group)));
    AttachedDevice out;
    out.space = AddressSpace::create(
        calls, std::make_unique<Type1Backend>(calls, std::move(container), passed.backend,
                                              Container::FirstGroup::kAttached));
    TRY(out.space->attach_group(group, passed.name));
    out.group = std::move(group);
    return out;
}

Result<AttachedDevice> adopt_space(Calls& calls, PassedDevice& passed) {
    switch (passed.backend) {
        case Backend::kIommufd:
            return adopt_iommufd_space(calls, passed);
        case Backend::kIommufdCompat:
        case Backend::kType1v2:
        case Backend::kType1:
            return adopt_container_space(calls, passed);
        case Backend::kSpaprV2:
        case Backend::kSpaprV1:
        case Backend::kNoiommu:
            break;
    }
    return base::fail(Code::kUnsupported, "adopt", passed.name,
                      std::string(name(passed.backend)) + " cannot be passed to another process",
                      "open the device by its name");
}

}  // namespace

Result<VfioDevice> adopt_device(Calls& calls, PassedDevice passed) {
    auto device = TRY(adopt<DeviceFd>(calls, std::move(passed.device)));
    auto opened = TRY(adopt_space(calls, passed));
    opened.device = std::move(device);
    return VfioDevice::adopt(calls, std::move(opened), std::move(passed.name));
}

}  // namespace vfio

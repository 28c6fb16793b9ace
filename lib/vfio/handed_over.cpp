// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/handed_over.hpp"

#include "vfio/iommufd_backing.hpp"
#include "vfio/type1_backing.hpp"

namespace vfio {
namespace {

/// The IOAS is the iommufd's: it lives as long as any copy of that fd, and what the device is
/// attached to stays attached.
Result<Opened> over_iommufd(Calls& calls, HandedOver& handed) {
    auto iommu = take_iommu(calls, std::move(handed.iommufd));
    if (!iommu)
        return sysfs::propagate(iommu);
    Opened out;
    out.space = AddressSpace::create(
        calls, std::make_unique<IommufdBacking>(Ioas::existing(*std::move(iommu), handed.ioas),
                                                PageTable::kAutomatic));
    if (const auto known = out.space->query(); !known)
        return sysfs::propagate(known);
    out.bound.device_id = handed.device_id;
    return out;
}

Result<Opened> over_container(Calls& calls, HandedOver& handed) {
    auto container = adopt<ContainerFd>(calls, std::move(handed.container));
    if (!container)
        return sysfs::propagate(container);
    auto group = adopt<GroupFd>(calls, std::move(handed.group));
    if (!group)
        return sysfs::propagate(group);
    Opened out;
    out.space = AddressSpace::create(
        calls, std::make_unique<Type1Backing>(calls, *std::move(container), handed.backend,
                                              Container::First::kIsIn));
    if (auto attached = out.space->attach_group(*group, handed.name); !attached)
        return sysfs::propagate(attached);
    out.group = *std::move(group);
    return out;
}

Result<Opened> over(Calls& calls, HandedOver& handed) {
    switch (handed.backend) {
        case Backend::kIommufd:
            return over_iommufd(calls, handed);
        case Backend::kIommufdCompat:
        case Backend::kType1v2:
        case Backend::kType1:
            return over_container(calls, handed);
        case Backend::kSpaprV2:
        case Backend::kSpaprV1:
        case Backend::kNoiommu:
            break;
    }
    return sysfs::fail(Code::kUnsupported, "take over", handed.name,
                       std::string(name(handed.backend)) + " is not handed over",
                       "open the device by its name");
}

}  // namespace

Result<Device> take_over(Calls& calls, HandedOver handed) {
    auto device = adopt<DeviceFd>(calls, std::move(handed.device));
    if (!device)
        return sysfs::propagate(device);
    auto opened = over(calls, handed);
    if (!opened)
        return sysfs::propagate(opened);
    opened->device = *std::move(device);
    return Device::from(calls, *std::move(opened), std::move(handed.name));
}

}  // namespace vfio

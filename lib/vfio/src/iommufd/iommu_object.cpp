// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/iommu_object.hpp"

#include <cerrno>
#include <utility>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

Result<SharedIommu> open_iommu(Calls& calls) {
    auto fd = TRY(open_node<IommuFd>(calls, "/dev/iommu"));
    return std::make_shared<IommuContext>(IommuContext{calls, std::move(fd)});
}

Result<SharedIommu> adopt_iommu(Calls& calls, UniqueFd taken) {
    auto fd = TRY(adopt<IommuFd>(calls, std::move(taken)));
    return std::make_shared<IommuContext>(IommuContext{calls, std::move(fd)});
}

IommuObject::IommuObject(IommuObject&& other) noexcept
    : iommu_(std::move(other.iommu_)), id_(std::exchange(other.id_, 0)) {}

IommuObject& IommuObject::operator=(IommuObject&& other) noexcept {
    if (this != &other) {
        static_cast<void>(destroy());
        iommu_ = std::move(other.iommu_);
        id_ = std::exchange(other.id_, 0);
    }
    return *this;
}

IommuObject::~IommuObject() {
    static_cast<void>(destroy());
}

Result<void> IommuObject::destroy() {
    if (id_ == 0)
        return {};
    abi::IommuDestroy destroy{.size = sizeof destroy, .id = id_};
    const int answer = iommu_->call(abi::IommuCall::kDestroy, &destroy);
    if (answer < 0)
        return fail_call(
            -answer, "destroy", "iommufd object " + std::to_string(id_),
            answer == -EBUSY ? "a device, or an object made from it, still uses it" : "");
    id_ = 0;
    return {};
}

}  // namespace vfio

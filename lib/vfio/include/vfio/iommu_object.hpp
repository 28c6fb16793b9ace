// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "vfio/system_calls.hpp"

namespace vfio {

/// An open /dev/iommu, shared by the objects in it.
struct IommuContext {
    Calls& calls;
    IommuFd fd;
    bool direct = is_kernel(calls);

    /// One ioctl, interrupted ones repeated.
    [[nodiscard]] int call(abi::IommuCall call, void* argument) {
        return retry(calls, [&] {
            return direct ? kernel_call(fd.get(), call, argument) : calls.iommu(fd, call, argument);
        });
    }
};
using SharedIommu = std::shared_ptr<IommuContext>;

/// Opens /dev/iommu, or takes an fd of it.
[[nodiscard]] VFIO_EXPORT Result<SharedIommu> open_iommu(Calls& calls);
[[nodiscard]] VFIO_EXPORT Result<SharedIommu> adopt_iommu(Calls& calls, UniqueFd fd);

/// Owns an object of an iommufd and destroys it. Objects must be destroyed before those they were
/// made from; otherwise the kernel answers EBUSY and they live until the iommufd closes.
class VFIO_EXPORT IommuObject {
  public:
    IommuObject() = default;
    IommuObject(SharedIommu iommu, std::uint32_t id) : iommu_(std::move(iommu)), id_(id) {}
    IommuObject(const IommuObject&) = delete;
    IommuObject& operator=(const IommuObject&) = delete;
    IommuObject(IommuObject&& other) noexcept;
    IommuObject& operator=(IommuObject&& other) noexcept;
    ~IommuObject();

    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] const SharedIommu& iommu() const { return iommu_; }
    /// Destroys it now. kBusy: another object uses it, and it stays.
    [[nodiscard]] Result<void> destroy();

  private:
    SharedIommu iommu_;
    std::uint32_t id_ = 0;  ///< 0 is never an object's
};

}  // namespace vfio

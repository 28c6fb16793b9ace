// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfio/container.hpp"

namespace vfio {

/// No IOMMU: a device sees physical addresses, so there is nothing to map and nothing that stops
/// it. Taints the kernel; every step needs CAP_SYS_RAWIO.
class NoiommuBackend final : public IommuBackend {
  public:
    NoiommuBackend(Calls& calls, ContainerFd fd)
        : container_(calls, std::move(fd), abi::Extension::kNoiommu) {}
    ~NoiommuBackend() override;

    Backend backend() const override { return Backend::kNoiommu; }
    Result<Geometry> geometry() override { return Geometry{}; }
    Result<void> map(const MappedRange& piece) override;
    Result<std::uint64_t> unmap(const IovaRange&) override { return 0; }
    Result<void> attach_group(const GroupFd& group, const std::string& name) override;
    Result<void> detach_group(const GroupFd& group, const std::string& name) override;

  private:
    Container container_;
};

}  // namespace vfio

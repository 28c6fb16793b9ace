// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfio/address_space.hpp"
#include "vfio/container.hpp"
#include "vfio/spapr_platform.hpp"

namespace vfio {

/// A real SPAPR TCE v2 container.
class VFIO_EXPORT SpaprContainer final : public SpaprPlatform {
  public:
    SpaprContainer(Calls& calls, ContainerFd fd)
        : container_(calls, std::move(fd), abi::Extension::kSpaprTceV2) {}
    ~SpaprContainer() override;

    Result<void> attach_group(const GroupFd& group, const std::string& name) override;
    Result<void> detach_group(const GroupFd& group, const std::string& name) override;
    Result<SpaprDetails> details() override;
    Result<void> register_memory(std::uint64_t address, std::uint64_t length) override;
    Result<void> unregister_memory(std::uint64_t address, std::uint64_t length) override;
    Result<Window> create_window(std::uint32_t page_shift, std::uint64_t length) override;
    Result<void> remove_window(std::uint64_t start) override;
    Result<void> map(const MappedRange& piece) override;
    Result<void> unmap(const MappedRange& piece, const IovaRange& cut) override;

    [[nodiscard]] Container& container() { return container_; }

  private:
    Container container_;
};

/// The SPAPR v2 container behind an address space; null on every other backend.
[[nodiscard]] VFIO_EXPORT SpaprContainer* spapr_container(AddressSpace& space);

/// VFIO_IOMMU_SPAPR_TCE_GET_INFO of either version, as the container answers it.
[[nodiscard]] VFIO_EXPORT Result<SpaprDetails> spapr_details(Container& container);
/// MAP_DMA and UNMAP_DMA as SPAPR containers take them: no flags on unmap.
[[nodiscard]] VFIO_EXPORT Result<void> spapr_map(Container& container, const MappedRange& piece);
[[nodiscard]] VFIO_EXPORT Result<void> spapr_unmap(Container& container, const IovaRange& range);

}  // namespace vfio

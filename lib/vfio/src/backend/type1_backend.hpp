// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <span>

#include "vfio/cap_chain.hpp"
#include "vfio/container.hpp"
#include "vfio/iommu_backend.hpp"

namespace vfio {

/// VFIO_IOMMU_GET_INFO of a type1 container, with its capabilities; those unknown are in `caps`.
struct Type1Details {
    Geometry geometry;
    std::uint64_t max_dirty_bitmap = 0;  ///< bytes of bitmap one call takes; 0: no dirty tracking
    CapChain caps;
};

/// Reads the kernel's bytes. No IOVA capability means no restriction known: a container whose
/// devices are all mdevs has none (vfio_iommu_type1.c:2780).
[[nodiscard]] Type1Details parse_type1_info(std::span<const std::byte> info);

/// x86's, arm's and s390's container: type1, type1v2, or iommufd in the place of either. One
/// mapping table in the kernel with one lock.
class Type1Backend final : public IommuBackend {
  public:
    /// `backend`: kType1v2, kType1 or kIommufdCompat (then `fd` is an iommufd).
    Type1Backend(Calls& calls, ContainerFd fd, Backend backend,
                 Container::FirstGroup first = Container::FirstGroup::kToAttach);
    ~Type1Backend() override;

    Backend backend() const override { return backend_; }
    /// The compatibility layer maps into an IOAS of the iommufd, which stays when its groups go.
    Lifetime lifetime() const override {
        return backend_ == Backend::kIommufdCompat ? Lifetime::kPersistent : Lifetime::kWithGroups;
    }
    Result<Geometry> geometry() override;
    Result<void> map(const MappedRange& piece) override;
    Result<std::uint64_t> unmap(const IovaRange& range) override;
    Result<void> attach_group(const GroupFd& group, const std::string& name) override;
    Result<void> detach_group(const GroupFd& group, const std::string& name) override;
    Result<void> start_dirty() override;
    Result<void> stop_dirty() override;
    Result<void> read_dirty(const IovaRange& range, std::uint64_t page_size,
                            std::span<std::uint64_t> bitmap) override;
    Result<void> adopt(std::span<const MappedRange> all) override;

  private:
    [[nodiscard]] tl::unexpected<Error> map_failed(int answer, const IovaRange& range) const;
    [[nodiscard]] Result<std::uint64_t> unmap_failed(int answer, const IovaRange& range) const;
    [[nodiscard]] Result<void> dirty(std::uint32_t flag, const char* operation);

    Container container_;
    Backend backend_;
    bool has_ioas_ = false;  ///< compatibility: made with the first group
};

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>

#include "vfio/spapr_container.hpp"
#include "vfio/src/backend/window_list.hpp"

namespace vfio {

/// SPAPR TCE v2 under the common interface: memory is registered as it is first mapped and
/// unregistered after its last unmap, and a dynamic window is made when the default one is full.
class SpaprV2Backend final : public IommuBackend {
  public:
    SpaprV2Backend(Calls& calls, ContainerFd fd) : platform_(calls, std::move(fd)) {}
    ~SpaprV2Backend() override;

    Backend backend() const override { return Backend::kSpaprV2; }
    UnmapScope unmap_scope() const override { return UnmapScope::kOneMapping; }
    Result<Geometry> geometry() override;
    Result<void> map(const MappedRange& piece) override;
    Result<std::uint64_t> unmap(const IovaRange& range) override;
    Result<void> attach_group(const GroupFd& group, const std::string& name) override;
    Result<void> detach_group(const GroupFd& group, const std::string& name) override;
    Result<Window> add_window(std::uint64_t length) override;

    [[nodiscard]] SpaprContainer& platform() { return platform_; }

  private:
    /// A range known to the kernel, and how many mappings lie in it.
    struct Registration {
        std::uint64_t last = 0;
        unsigned users = 0;
    };
    [[nodiscard]] Result<void> get_registration(std::uint64_t address, std::uint64_t length);
    void put_registration(std::uint64_t address, std::uint64_t length);

    SpaprContainer platform_;
    WindowList windows_;
    std::map<std::uint64_t, Registration> registered_;  ///< by address, not overlapping
    std::map<std::uint64_t, std::uint64_t> addresses_;  ///< IOVA of a mapping → its memory
};

/// SPAPR TCE v1: one window, and its whole size counted as locked memory when the group comes.
class SpaprV1Backend final : public IommuBackend {
  public:
    SpaprV1Backend(Calls& calls, ContainerFd fd)
        : container_(calls, std::move(fd), abi::Extension::kSpaprTce) {}
    ~SpaprV1Backend() override;

    Backend backend() const override { return Backend::kSpaprV1; }
    UnmapScope unmap_scope() const override { return UnmapScope::kOneMapping; }
    Result<Geometry> geometry() override;
    Result<void> map(const MappedRange& piece) override { return spapr_map(container_, piece); }
    Result<std::uint64_t> unmap(const IovaRange& range) override;
    Result<void> attach_group(const GroupFd& group, const std::string& name) override;
    Result<void> detach_group(const GroupFd& group, const std::string& name) override;

  private:
    Container container_;
};

}  // namespace vfio

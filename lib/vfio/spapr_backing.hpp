// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>

#include "vfio/interval_index.hpp"
#include "vfio/spapr_container.hpp"

namespace vfio {

/// SPAPR TCE v2 under the common interface: memory is registered as it is first mapped and
/// unregistered after its last unmap, and a dynamic window is made when the default one is full.
class VFIO_EXPORT SpaprV2Backing final : public Backing {
  public:
    SpaprV2Backing(Calls& calls, ContainerFd fd) : platform_(calls, std::move(fd)) {}
    ~SpaprV2Backing() override;

    Backend backend() const override { return Backend::kSpaprV2; }
    Reach reach() const override { return Reach::kOneMapping; }
    Result<Geometry> geometry() override;
    Result<void> map(const Mapped& piece) override;
    Result<std::uint64_t> unmap(const IovaRange& range) override;
    Result<void> attach_group(const GroupFd& group, const std::string& name) override;
    Result<void> detach_group(const GroupFd& group, const std::string& name) override;
    Result<Window> grow(std::uint64_t length) override;

    [[nodiscard]] SpaprContainer& platform() { return platform_; }

  private:
    /// A range known to the kernel, and how many mappings lie in it.
    struct Registration {
        std::uint64_t last = 0;
        unsigned users = 0;
    };
    [[nodiscard]] Result<void> hold(std::uint64_t address, std::uint64_t length);
    void let_go(std::uint64_t address, std::uint64_t length);

    SpaprContainer platform_;
    std::vector<Window> windows_;
    std::map<std::uint64_t, Registration> registered_;  ///< by address, not overlapping
    std::map<std::uint64_t, std::uint64_t> addresses_;  ///< IOVA of a mapping → its memory
};

/// SPAPR TCE v1: one window, and its whole size counted as locked memory when the group comes.
class VFIO_EXPORT SpaprV1Backing final : public Backing {
  public:
    SpaprV1Backing(Calls& calls, ContainerFd fd)
        : container_(calls, std::move(fd), abi::Extension::kSpaprTce) {}
    ~SpaprV1Backing() override;

    Backend backend() const override { return Backend::kSpaprV1; }
    Reach reach() const override { return Reach::kOneMapping; }
    Result<Geometry> geometry() override;
    Result<void> map(const Mapped& piece) override { return spapr_map(container_, piece); }
    Result<std::uint64_t> unmap(const IovaRange& range) override;
    Result<void> attach_group(const GroupFd& group, const std::string& name) override;
    Result<void> detach_group(const GroupFd& group, const std::string& name) override;

  private:
    Container container_;
};

}  // namespace vfio

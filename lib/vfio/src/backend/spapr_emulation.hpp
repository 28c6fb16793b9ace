// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <vector>

#include "vfio/iommufd_backend.hpp"
#include "vfio/spapr_platform.hpp"
#include "vfio/src/space/interval_index.hpp"

namespace vfio {

/// SPAPR on an iommufd: registered memory is mapped, at its own address, into a hidden IOAS that no
/// device uses; a map into a window is an IOAS_COPY from there, so pages are pinned and accounted
/// once, at registration; a window is an allowed range of the IOAS that devices attach to. Has what
/// powernv has: a default window of 2 GiB at 0, a second one, pages of 4 KiB to 1 GiB. A large
/// window page is a rule for alignment here, not for the memory behind it.
class SpaprEmulation final : public SpaprPlatform {
  public:
    /// Both are new, and of one iommufd.
    SpaprEmulation(Ioas registered_memory, Ioas windows);
    ~SpaprEmulation() override;

    Result<void> attach_group(const GroupFd& group, const std::string& name) override;
    Result<void> detach_group(const GroupFd& group, const std::string& name) override;
    Result<BoundDevice> attach_device(const DeviceToAttach& device) override;
    Result<void> detach_device(const DeviceToAttach& device) override;
    Result<SpaprDetails> details() override;
    Result<void> register_memory(std::uint64_t address, std::uint64_t length) override;
    Result<void> unregister_memory(std::uint64_t address, std::uint64_t length) override;
    Result<Window> create_window(std::uint32_t page_shift, std::uint64_t length) override;
    Result<void> remove_window(std::uint64_t start) override;
    Result<void> map(const MappedRange& piece) override;
    Result<void> unmap(const MappedRange& piece, const IovaRange& cut) override;

  private:
    struct NoValue {
        auto operator<=>(const NoValue&) const = default;
    };

    [[nodiscard]] const Window* find_window(const IovaRange& range) const;
    [[nodiscard]] Result<void> allow_windows(const std::vector<Window>& windows);
    [[nodiscard]] Result<std::uint64_t> find_free_start(std::uint64_t length);
    /// Registered ranges from `address` on, without a gap; false when some of it is not registered.
    [[nodiscard]] bool registered(std::uint64_t address, std::uint64_t length) const;
    [[nodiscard]] Result<void> copy(const MappedRange& piece);

    Ioas memory_;
    Ioas target_;
    IommufdBackend devices_;  ///< attaches them to target_
    unsigned attached_ = 0;
    bool enabled_ = false;  ///< by the first registration, as the kernel's container is
    std::vector<Window> windows_;
    IntervalIndex<NoValue> registered_;
    IntervalIndex<std::uint64_t>
        in_use_;  ///< registered memory that is mapped; value: at which IOVA
};

}  // namespace vfio

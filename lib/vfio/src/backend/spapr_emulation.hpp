// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <vector>

#include "vfio/iommufd_backend.hpp"
#include "vfio/spapr_platform.hpp"
#include "vfio/src/backend/window_list.hpp"
#include "vfio/src/space/interval_index.hpp"

namespace vfio {

/// SPAPR on an iommufd: registered memory is mapped, at its own address, into a hidden IOAS that no
/// device uses; a map into a window is an IOAS_COPY from there, so pages are pinned and accounted
/// once, at registration; a window is an allowed range of the IOAS that devices attach to. It has
/// the windows of powernv: a default window of 2 GiB at 0, a second one, pages of 4 KiB to 1 GiB. A
/// window's page size is a rule for alignment here, not for the memory behind it.
class SpaprEmulation final : public SpaprPlatform {
  public:
    /// Both are new, and of one iommufd.
    SpaprEmulation(Ioas registered_memory, Ioas windows);
    ~SpaprEmulation() override;

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

    [[nodiscard]] Result<void> allow_windows(const WindowList& windows);
    /// Registered ranges from `address` on, without a gap; false when some of it is not registered.
    [[nodiscard]] bool registered(std::uint64_t address, std::uint64_t length) const;
    [[nodiscard]] Result<void> copy(const MappedRange& piece);

    Ioas memory_;
    Ioas target_;
    IommufdBackend devices_;  ///< attaches them to target_
    unsigned attached_ = 0;
    bool enabled_ = false;  ///< by the first registration, as the kernel's container is
    WindowList windows_;
    IntervalIndex<NoValue> registered_;
    IntervalIndex<std::uint64_t>
        in_use_;  ///< registered memory that is mapped; value: at which IOVA
};

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vfio/abi/spapr.hpp"
#include "vfio/container.hpp"
#include "vfio/export.hpp"

namespace vfio {

/// POWER's error handling (EEH) of the partitionable endpoint behind a SPAPR container: the
/// platform freezes a device that misbehaves; these functions read its state, reset it and unfreeze
/// it. The kernel asks every group of the container in turn and returns the first answer that is
/// not 0, a state among them (vfio_iommu_spapr_tce.c:1094): with two groups the state could be that
/// of either. So each call here fails with kRefused unless the container has exactly one. Borrows
/// the container.
class VFIO_EXPORT Eeh {
  public:
    /// Enables EEH for the endpoint. kUnsupported when the container's kernel has no EEH (no
    /// extension 5) or the platform none for this device.
    [[nodiscard]] static Result<Eeh> enable(Container& container, const std::string& name);
    [[nodiscard]] Result<void> disable();

    [[nodiscard]] Result<abi::EehState> state() const;
    [[nodiscard]] Result<void> unfreeze_io();
    [[nodiscard]] Result<void> unfreeze_dma();
    enum class Reset { kHot, kFundamental };
    /// Asserts the reset. End it with deassert_reset() after 250 ms (hot) or more.
    [[nodiscard]] Result<void> assert_reset(Reset kind);
    [[nodiscard]] Result<void> deassert_reset();
    /// Restores the bridges' configuration after a reset.
    [[nodiscard]] Result<void> configure();
    /// A fault on purpose, where the platform can: `type` 0 is 32-bit, 1 64-bit; `function` says
    /// load or store, memory, I/O or config, or DMA (the kernel's eeh_pe_inject_err numbers).
    [[nodiscard]] Result<void> inject(const abi::EehPeErr& fault);

  private:
    Eeh(Container& container, std::string name) : container_(&container), name_(std::move(name)) {}
    [[nodiscard]] Result<int> call(abi::EehOp op, const std::optional<abi::EehPeErr>& fault) const;
    [[nodiscard]] Result<void> run(abi::EehOp op);

    Container* container_;
    std::string name_;
};

/// "normal", "reset", "stopped", "stopped, DMA off", "unavailable".
[[nodiscard]] VFIO_EXPORT std::string eeh_state_name(abi::EehState state);

}  // namespace vfio

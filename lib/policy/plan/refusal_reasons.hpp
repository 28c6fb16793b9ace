// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan_context.hpp"

/// Why a device cannot, or must not, change its driver.
namespace policy {

[[nodiscard]] Reason make_reason(ReasonCode code, const sysfs::DeviceId& device, std::string text,
                                 std::optional<std::string> evidence = std::nullopt);

/// What the kernel itself would refuse, for a device that gets a driver of `chain`: no usable
/// driver, a bridge, no IOMMU, an id that vfio-pci denies.
void add_kernel_reasons(const sysfs::Device& device, const Chain& chain, const sysfs::Host& host,
                        std::vector<Reason>& reasons);

/// A device that is dead or lost, unless `rule` or the user allows it: a new driver would fail, or
/// wait for it.
void add_dead_device(const sysfs::Device& device, const Rule& rule, const PlanContext& context,
                     std::vector<Reason>& reasons);

/// The usable candidates without native drivers that have no id for the device, unless `rule` or
/// the user allows them: the kernel would probe them all the same, with hardware that they do not
/// know. When none is left, the reasons say so.
[[nodiscard]] std::vector<ChainLink> fitting_candidates(const sysfs::Device& device,
                                                        const Chain& chain, const Rule& rule,
                                                        const PlanContext& context,
                                                        std::vector<Reason>& reasons);

/// Does `rule` or the user allow this use?
[[nodiscard]] bool is_allowed(const sysfs::Use& use, const Rule& rule, const ForcedReasons& forced);

/// The uses of a device that changes its driver, unless `rule` or the user allows them.
void add_use_reasons(const sysfs::DeviceId& device, const Rule& rule, const PlanContext& context,
                     std::vector<Reason>& reasons);

/// The kinds of use that `rule` or the user allows.
[[nodiscard]] std::vector<sysfs::UseKind> accepted_uses(const Rule& rule,
                                                        const ForcedReasons& forced);

/// The reason that a use is.
[[nodiscard]] ReasonCode to_reason_code(sysfs::UseKind kind);
/// Is the reason what a look for users has found?
[[nodiscard]] bool is_use(ReasonCode code);

/// Keeps each reason once for a device, the first with its evidence.
void remove_duplicates(std::vector<Reason>& reasons);

}  // namespace policy

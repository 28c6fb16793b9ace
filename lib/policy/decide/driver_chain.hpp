// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "sysfs/module/drivers.hpp"

namespace policy {

/// Where a candidate of the chain comes from.
enum class CandidateOrigin {
    kRule,     ///< the rule names it
    kVariant,  ///< a variant of the policies names it
    kAlias,    ///< the kernel's own vfio_<bus>: alias
    kGeneric,  ///< the bus' plain VFIO driver
};

enum class CandidateStatus {
    kUse,        ///< would be tried first
    kFallback,   ///< would be tried if those before it refuse
    kSkipped,    ///< this kernel lacks it or denies it; `why` says which
    kUnreached,  ///< usable, but nothing is tried while the chain is ambiguous
    kAmbiguous,  ///< claims the device as well as another one, and nothing ranks them
};

/// "use", "fallback", "skipped", "unreached", "ambiguous".
[[nodiscard]] const char* candidate_status_name(CandidateStatus status);

/// One candidate with its status. `driver` is absent while only the module is known: the driver's
/// name is known once the module is loaded and is never derived from the module's name.
struct ChainLink {
    std::optional<std::string> driver;
    std::optional<std::string>
        module;  ///< to be loaded first; absent when the driver is registered
    CandidateOrigin origin = CandidateOrigin::kGeneric;
    std::string from;  ///< "rule guest-gpu", "variant igd", "alias vfio_pci:v...", "generic"
    CandidateStatus status = CandidateStatus::kSkipped;
    std::string why;
    auto operator<=>(const ChainLink&) const = default;
};

/// Would the candidate be tried?
[[nodiscard]] bool is_usable(const ChainLink& link);

/// The whole chain for one device, each candidate once, in the order of trial.
struct Chain {
    std::vector<ChainLink> links;
    bool ambiguous = false;

    /// Those that would be tried, in order.
    [[nodiscard]] std::vector<ChainLink> usable() const;
};

/// Is this candidate a VFIO driver? Every driver that a variant, an alias or the bus names is one.
/// A rule may name any driver (uio_pci_generic, a native one), which needs neither an IOMMU nor a
/// viable group.
[[nodiscard]] bool is_vfio_link(const ChainLink& link);

/// `auto` is: the drivers of every matching variant (priority, then file order), then the kernel's
/// own aliases, most specific first, then the bus' generic driver. Aliases of equal rank whose
/// drivers differ make the chain ambiguous, unless a matching variant (or the rule itself) names
/// one of them. A module that this kernel lacks or denies does not count.
[[nodiscard]] Chain driver_chain(const DriverAction& spec, const std::string& rule_name,
                                 const sysfs::Device& device, const std::vector<Variant>& variants,
                                 const sysfs::Inventory& inventory, const sysfs::Drivers& drivers);

}  // namespace policy

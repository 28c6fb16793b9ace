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
    kSkipped,    ///< this kernel does not have it, or denies it; `why` says which
    kUnreached,  ///< would do, but nothing is tried while the chain is ambiguous
    kAmbiguous,  ///< claims the device as well as another, and nothing ranks them
};

/// One candidate with its status. `driver` is absent while only the module is known: its driver's
/// name shows once it is loaded and is never guessed from the module's.
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

/// The whole chain for one device, each candidate once, in the order of trial.
struct Chain {
    std::vector<ChainLink> links;
    bool ambiguous = false;

    /// Those that would be tried, in order.
    [[nodiscard]] std::vector<ChainLink> usable() const;
};

/// Is this candidate a VFIO driver? Whatever a variant, an alias or the bus names is; a rule may
/// name any other (uio_pci_generic, a native one), which needs neither IOMMU nor a viable group.
[[nodiscard]] bool is_vfio_link(const ChainLink& link);

/// `auto` is: the drivers of every matching variant (priority, then file order), then the kernel's
/// own aliases, most specific first, then the bus' generic driver. Aliases of equal rank whose
/// drivers differ make the chain ambiguous, unless a matching variant (or the rule itself) names
/// one of them; a module that this kernel lacks or denies takes no part in that.
[[nodiscard]] Chain driver_chain(const DriverAction& spec, const std::string& rule_name,
                                 const sysfs::Device& device, const std::vector<Variant>& variants,
                                 const sysfs::Inventory& inventory, const sysfs::Drivers& drivers);

}  // namespace policy

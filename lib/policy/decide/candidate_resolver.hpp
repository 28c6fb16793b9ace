// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "policy/decide/driver_chain.hpp"
#include "sysfs/module/alias_match.hpp"
#include "sysfs/module/drivers.hpp"

namespace policy {

/// A candidate of an unfinished chain: the link, and what identifies it. The status of a usable
/// candidate is kFallback until the chain is complete.
struct ResolvedCandidate {
    ChainLink link;
    std::string module;                 ///< that contains it, loaded or not; normalised
    bool named = false;                 ///< by the rule or by a variant, which ranks it
    std::optional<unsigned> wildcards;  ///< of the alias that claims the device; absent: none does

    [[nodiscard]] bool usable() const { return is_usable(link); }
};

/// Resolves the name of a driver, or an alias, to what this kernel has on one bus.
class CandidateResolver {
  public:
    CandidateResolver(const std::string& bus, const sysfs::Drivers& drivers)
        : bus_(bus), drivers_(drivers) {}

    [[nodiscard]] ResolvedCandidate by_driver(const std::string& name) const;
    [[nodiscard]] ResolvedCandidate by_alias(const sysfs::AliasMatch& match) const;

  private:
    [[nodiscard]] std::optional<std::string> find_driver(const std::string& module) const;
    void resolve_module(ResolvedCandidate& candidate, const std::string& missing) const;
    [[nodiscard]] std::string find_named(const std::string& name) const;

    const std::string& bus_;
    const sysfs::Drivers& drivers_;
};

/// Two candidates are the same when their drivers are equal or, while one driver is unknown, when
/// they come from the same module.
[[nodiscard]] bool same_candidate(const ResolvedCandidate& a, const ResolvedCandidate& b);

}  // namespace policy

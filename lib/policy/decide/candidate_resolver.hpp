// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "policy/decide/driver_chain.hpp"
#include "sysfs/module/drivers.hpp"

namespace policy {

/// A candidate of a chain being built: the link, and what tells it from others. While the chain is
/// not complete a usable one's status is kFallback.
struct ResolvedCandidate {
    ChainLink link;
    std::string module;                 ///< it comes in, loaded or not; normalised
    bool named = false;                 ///< by the rule or a variant, which ranks it
    std::optional<unsigned> wildcards;  ///< of the alias that claims the device; absent: none does

    [[nodiscard]] bool usable() const { return link.status == CandidateStatus::kFallback; }
};

/// Finds out what this kernel has behind a driver's name or an alias, on one bus.
class CandidateResolver {
  public:
    CandidateResolver(const std::string& bus, const sysfs::Drivers& drivers)
        : bus_(bus), drivers_(drivers) {}

    [[nodiscard]] ResolvedCandidate by_driver(const std::string& driver) const;
    [[nodiscard]] ResolvedCandidate by_alias(const sysfs::AliasMatch& match) const;

  private:
    [[nodiscard]] std::optional<std::string> find_driver(const std::string& module) const;
    void resolve_module(ResolvedCandidate& candidate, const std::string& missing) const;
    [[nodiscard]] std::string spelling_hint(const std::string& driver) const;

    const std::string& bus_;
    const sysfs::Drivers& drivers_;
};

/// Two candidates are one when their drivers are equal, or, while one's driver is unknown, when the
/// same module is behind both.
[[nodiscard]] bool same_candidate(const ResolvedCandidate& a, const ResolvedCandidate& b);

}  // namespace policy

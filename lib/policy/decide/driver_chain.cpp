// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/driver_chain.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "policy/decide/candidate_resolver.hpp"
#include "policy/decide/match.hpp"
#include "sysfs/device/group.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/module/alias_match.hpp"

namespace policy {
namespace {

/// Does the alias claim every device of its bus ("vfio_pci:v*d*sv*...")? A specific one has a hex
/// digit, upper case as the kernel prints it, in some field.
bool claims_everything(const std::string& pattern) {
    const std::size_t fields = pattern.find(':');
    return pattern.find_first_of("0123456789ABCDEF", fields + 1) == std::string::npos;
}

class ChainBuilder {
  public:
    ChainBuilder(const sysfs::Device& device, const sysfs::Drivers& drivers)
        : device_(device),
          drivers_(drivers),
          resolver_(device.id.bus, drivers),
          generic_(sysfs::generic_vfio_driver(device.id.bus)) {}

    void add_named(const std::string& driver, CandidateOrigin origin, std::string from) {
        ResolvedCandidate candidate = resolver_.by_driver(driver);
        candidate.link.origin = origin;
        candidate.link.from = std::move(from);
        candidate.named = origin == CandidateOrigin::kRule || origin == CandidateOrigin::kVariant;
        add(std::move(candidate));
    }

    void add_automatic(const std::vector<Variant>& variants, const sysfs::Inventory& inventory) {
        std::vector<const Variant*> fitting;
        for (const Variant& variant : variants)
            if (matches(variant.match, device_, inventory))
                fitting.push_back(&variant);
        std::stable_sort(fitting.begin(), fitting.end(), [](const Variant* a, const Variant* b) {
            return a->priority > b->priority;
        });
        for (const Variant* variant : fitting)
            for (const std::string& driver : variant->drivers)
                add_named(driver, CandidateOrigin::kVariant, "variant " + variant->name);
        for (const sysfs::AliasMatch& match : sysfs::matching_aliases(drivers_, device_))
            add_alias(match);
        if (generic_)
            add_named(*generic_, CandidateOrigin::kGeneric, "generic");
    }

    Chain finish() {
        mark_ambiguous();
        Chain chain;
        chain.ambiguous = ambiguous_;
        CandidateStatus status = CandidateStatus::kUse;
        for (ResolvedCandidate& candidate : candidates_) {
            if (candidate.usable() && ambiguous_) {
                candidate.link.status = CandidateStatus::kUnreached;
                candidate.link.why = "nothing is tried while the chain is ambiguous";
            } else if (candidate.usable()) {
                candidate.link.status = status;
                status = CandidateStatus::kFallback;
            }
            chain.links.push_back(std::move(candidate.link));
        }
        return chain;
    }

  private:
    /// The first place wins, but a later alias still tells how well its driver claims the device:
    /// mark_ambiguous() needs that.
    void add(ResolvedCandidate candidate) {
        const auto known = std::find_if(
            candidates_.begin(), candidates_.end(),
            [&](const ResolvedCandidate& other) { return same_candidate(candidate, other); });
        if (known == candidates_.end())
            candidates_.push_back(std::move(candidate));
        else if (!known->wildcards)
            known->wildcards = candidate.wildcards;
    }

    /// The generic driver's name is known before its module is loaded. Its alias is the generic
    /// candidate.
    void add_alias(const sysfs::AliasMatch& match) {
        ResolvedCandidate candidate = resolver_.by_alias(match);
        if (generic_ && candidate.module == sysfs::normalise_module(*generic_)) {
            candidate = resolver_.by_driver(*generic_);
            candidate.wildcards = match.wildcards;
            const bool everything = claims_everything(match.alias.pattern);
            candidate.link.origin =
                everything ? CandidateOrigin::kGeneric : CandidateOrigin::kAlias;
            candidate.link.from = everything ? "generic" : "alias " + match.alias.pattern;
        }
        add(std::move(candidate));
    }

    /// Aliases with as many wildcards claim the device equally well.
    void mark_ambiguous() {
        std::map<unsigned, std::vector<ResolvedCandidate*>> tiers;
        for (ResolvedCandidate& candidate : candidates_)
            if (candidate.wildcards && candidate.usable())
                tiers[*candidate.wildcards].push_back(&candidate);
        for (auto& [wildcards, tier] : tiers) {
            const bool ranked = std::any_of(tier.begin(), tier.end(),
                                            [](const auto* candidate) { return candidate->named; });
            if (tier.size() < 2 || ranked)
                continue;
            ambiguous_ = true;
            for (ResolvedCandidate* candidate : tier) {
                candidate->link.status = CandidateStatus::kAmbiguous;
                candidate->link.why = "claims the device exactly as well as " +
                                      others(tier, candidate) + ", and no variant ranks them";
            }
        }
    }

    static std::string others(const std::vector<ResolvedCandidate*>& tier,
                              const ResolvedCandidate* self) {
        std::string out;
        for (const ResolvedCandidate* candidate : tier)
            if (candidate != self)
                out +=
                    (out.empty() ? "" : ", ") + candidate->link.driver.value_or(candidate->module);
        return out;
    }

    const sysfs::Device& device_;
    const sysfs::Drivers& drivers_;
    CandidateResolver resolver_;
    std::optional<std::string> generic_;
    std::vector<ResolvedCandidate> candidates_;
    bool ambiguous_ = false;
};

}  // namespace

const char* candidate_status_name(CandidateStatus status) {
    constexpr std::array kNames = {"use", "fallback", "skipped", "unreached", "ambiguous"};
    static_assert(kNames.size() == static_cast<std::size_t>(CandidateStatus::kAmbiguous) + 1);
    return kNames.at(static_cast<std::size_t>(status));
}

bool is_usable(const ChainLink& link) {
    return link.status == CandidateStatus::kUse || link.status == CandidateStatus::kFallback;
}

std::vector<ChainLink> Chain::usable() const {
    std::vector<ChainLink> out;
    std::copy_if(links.begin(), links.end(), std::back_inserter(out), is_usable);
    return out;
}

bool is_vfio_link(const ChainLink& link) {
    return link.origin != CandidateOrigin::kRule ||
           (link.driver && sysfs::is_vfio_driver(*link.driver));
}

Chain driver_chain(const DriverAction& spec, const std::string& rule_name,
                   const sysfs::Device& device, const std::vector<Variant>& variants,
                   const sysfs::Inventory& inventory, const sysfs::Drivers& drivers) {
    ChainBuilder builder(device, drivers);
    for (const Candidate& candidate : spec.chain) {
        switch (candidate.kind) {
            case Candidate::CandidateKind::kNamed:
                builder.add_named(candidate.driver, CandidateOrigin::kRule, "rule " + rule_name);
                break;
            case Candidate::CandidateKind::kAuto:
                builder.add_automatic(variants, inventory);
                break;
        }
    }
    return builder.finish();
}

}  // namespace policy

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/refusal_reasons.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "policy/plan/desired_state.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/module/alias_match.hpp"

namespace policy {
namespace {

/// Devices that vfio-pci's probe refuses (vfio_pci_dev_in_denylist): without their own drivers a
/// user of them could harm the host.
struct DeniedId {
    std::uint16_t device;
    const char* name;
};
constexpr std::uint16_t kIntel = 0x8086;
constexpr std::array kDenylist = {
    DeniedId{0x0435, "QAT DH895xCC"}, DeniedId{0x0443, "QAT DH895xCC VF"},
    DeniedId{0x19e2, "QAT C3xxx"},    DeniedId{0x19e3, "QAT C3xxx VF"},
    DeniedId{0x37c8, "QAT C62x"},     DeniedId{0x37c9, "QAT C62x VF"},
    DeniedId{0x0b25, "DSA"},          DeniedId{0x0cfe, "IAA"},
};

const char* denied_name(const sysfs::HardwareIds& ids) {
    if (ids.vendor != kIntel || !ids.device)
        return nullptr;
    const auto found = std::find_if(kDenylist.begin(), kDenylist.end(), [&](const DeniedId& each) {
        return each.device == *ids.device;
    });
    return found == kDenylist.end() ? nullptr : found->name;
}

/// vfio_ccw and vfio_ap bind parents without an IOMMU group; each mdev gets its own.
bool needs_iommu(const sysfs::DeviceId& id) {
    return id.bus != "css" && id.bus != "ap" && id.bus != "mdev";
}

std::string list_skipped(const Chain& chain) {
    std::string out;
    for (const ChainLink& link : chain.links)
        out += (out.empty() ? "" : "; ") + link.driver.value_or(link.module.value_or("?")) + ": " +
               link.why;
    return out;
}

bool is_essential(const sysfs::Use& use) {
    return use.essential;
}

bool is_allowed(ReasonCode code, const Rule& rule, const ForcedReasons& forced) {
    const auto& allow = rule.in_use_allow;
    return is_forceable(code) &&
           (forced.codes.contains(code) ||
            std::find(allow.begin(), allow.end(), reason_name(code)) != allow.end());
}

/// The firmware's memory is in the way of VFIO alone. A peer has no decision: it goes to VFIO.
bool concerns(const sysfs::Use& use, const sysfs::DeviceId& device, const PlanContext& context) {
    const Decision* decision = find_decision(context.decisions, device);
    if (use.kind != sysfs::UseKind::kFirmwareMemory || decision == nullptr ||
        decision->outcome != DecisionOutcome::kWanted)
        return true;
    const std::vector<ChainLink> usable = decision->chain.usable();
    return std::any_of(usable.begin(), usable.end(), is_vfio_link);
}

}  // namespace

bool is_allowed(const sysfs::Use& use, const Rule& rule, const ForcedReasons& forced) {
    return !use.essential && is_allowed(to_reason_code(use.kind), rule, forced);
}

ReasonCode to_reason_code(sysfs::UseKind kind) {
    using sysfs::UseKind;
    switch (kind) {
        case UseKind::kMounted:
            return ReasonCode::kMounted;
        case UseKind::kSwap:
            return ReasonCode::kSwap;
        case UseKind::kHolder:
            return ReasonCode::kHolder;
        case UseKind::kVfioOpen:
            return ReasonCode::kVfioOpen;
        case UseKind::kDefaultRoute:
            return ReasonCode::kDefaultRoute;
        case UseKind::kAddressed:
            return ReasonCode::kAddressed;
        case UseKind::kEnslaved:
            return ReasonCode::kEnslaved;
        case UseKind::kSession:
            return ReasonCode::kSession;
        case UseKind::kOpenFd:
            return ReasonCode::kOpenFd;
        case UseKind::kConsole:
            return ReasonCode::kConsole;
        case UseKind::kVfsInUse:
            return ReasonCode::kVfsInUse;
        case UseKind::kInput:
            return ReasonCode::kInput;
        case UseKind::kFirmwareMemory:
            return ReasonCode::kFirmwareMemory;
        case UseKind::kSignature:
            return ReasonCode::kSignature;
        case UseKind::kUnknown:
            return ReasonCode::kUnknownUse;
    }
    return ReasonCode::kOpenFd;
}

bool is_use(ReasonCode code) {
    for (int each = 0; each <= static_cast<int>(sysfs::UseKind::kUnknown); ++each)
        if (to_reason_code(static_cast<sysfs::UseKind>(each)) == code)
            return true;
    return false;
}

Reason make_reason(ReasonCode code, const sysfs::DeviceId& device, std::string text,
                   std::optional<std::string> evidence) {
    return {code, device, std::move(text), std::move(evidence), is_forceable(code)};
}

void add_kernel_reasons(const sysfs::Device& device, const Chain& chain, const sysfs::Host& host,
                        std::vector<Reason>& reasons) {
    const std::vector<ChainLink> usable = chain.usable();
    if (usable.empty()) {
        if (chain.links.empty())
            reasons.push_back(make_reason(ReasonCode::kNoDriver, device.id,
                                          "VFIO has no driver for the bus " + device.id.bus));
        else
            reasons.push_back(make_reason(ReasonCode::kNoDriver, device.id,
                                          "no driver of the chain is usable", list_skipped(chain)));
        return;
    }
    // A driver that is not VFIO's may need none of this.
    if (!std::all_of(usable.begin(), usable.end(), is_vfio_link))
        return;
    if (device.is_bridge())
        reasons.push_back(make_reason(ReasonCode::kBridge, device.id,
                                      "is a bridge, and VFIO takes none",
                                      "header type " + std::to_string(*device.header_type)));
    if (needs_iommu(device.id) && !device.iommu_group && !host.noiommu)
        reasons.push_back(make_reason(
            ReasonCode::kNoIommu, device.id, "is in no IOMMU group",
            host.iommu ? "the host's IOMMU does not cover it" : "the host has no IOMMU enabled"));
    const char* denied = denied_name(device.ids);
    const bool only_vfio_pci = std::all_of(usable.begin(), usable.end(), [](const ChainLink& link) {
        return link.driver == "vfio-pci";
    });
    if (denied != nullptr && only_vfio_pci)
        reasons.push_back(make_reason(
            ReasonCode::kDriverDenies, device.id, "vfio-pci denies this device by its id",
            base::to_hex(kIntel, 4) + ":" + base::to_hex(*device.ids.device, 4) + " (" + denied +
                ")"));
}

void add_dead_device(const sysfs::Device& device, const Rule& rule, const PlanContext& context,
                     std::vector<Reason>& reasons) {
    if (!device.fault.empty() && !is_allowed(ReasonCode::kDeadDevice, rule, context.forced))
        reasons.push_back(
            make_reason(ReasonCode::kDeadDevice, device.id, "is dead or lost", device.fault));
    if (!device.stuck.empty())
        reasons.push_back(make_reason(ReasonCode::kStuck, device.id, "is stuck", device.stuck));
}

std::vector<ChainLink> fitting_candidates(const sysfs::Device& device, const Chain& chain,
                                          const Rule& rule, const PlanContext& context,
                                          std::vector<Reason>& reasons) {
    std::vector<ChainLink> candidates = chain.usable();
    if (is_allowed(ReasonCode::kDriverMismatch, rule, context.forced))
        return candidates;
    std::vector<Reason> mismatches;
    std::erase_if(candidates, [&](const ChainLink& link) {
        if (is_vfio_link(link) || !link.driver)
            return false;
        const auto module = sysfs::module_without_id(context.drivers, device, *link.driver);
        if (module)
            mismatches.push_back(
                make_reason(ReasonCode::kDriverMismatch, device.id,
                            "the driver " + *link.driver + " has no id for it",
                            "no alias of the module " + *module + " matches " + device.modalias));
        return module.has_value();
    });
    if (candidates.empty())
        std::move(mismatches.begin(), mismatches.end(), std::back_inserter(reasons));
    return candidates;
}

std::vector<sysfs::UseKind> accepted_uses(const Rule& rule, const ForcedReasons& forced) {
    std::vector<sysfs::UseKind> kinds;
    for (int each = 0; each <= static_cast<int>(sysfs::UseKind::kUnknown); ++each) {
        const auto kind = static_cast<sysfs::UseKind>(each);
        if (is_allowed(to_reason_code(kind), rule, forced))
            kinds.push_back(kind);
    }
    return kinds;
}

void add_use_reasons(const sysfs::DeviceId& device, const Rule& rule, const PlanContext& context,
                     std::vector<Reason>& reasons) {
    const auto found = context.usage.find(device);
    if (found == context.usage.end())
        return;
    // What the running system needs cannot be forced, so forcing the other uses would not help.
    const bool fixed = std::any_of(found->second.begin(), found->second.end(), is_essential);
    for (const sysfs::Use& use : found->second) {
        if (is_allowed(use, rule, context.forced) || !concerns(use, device, context))
            continue;
        auto evidence = use.evidence.empty() ? std::nullopt : std::optional(use.evidence);
        Reason reason =
            make_reason(to_reason_code(use.kind), device, use.text, std::move(evidence));
        reason.forceable = reason.forceable && !fixed;
        reasons.push_back(std::move(reason));
    }
}

void remove_duplicates(std::vector<Reason>& reasons) {
    // The planner and the usage scan both report VFs, with other evidence.
    std::set<std::pair<sysfs::DeviceId, std::string>> seen;
    std::erase_if(reasons, [&](const Reason& reason) {
        const bool by_code = reason.code == ReasonCode::kVfsInUse;
        const std::string what = std::string(reason_name(reason.code)) +
                                 (by_code ? "" : reason.text + reason.evidence.value_or(""));
        return !seen.emplace(reason.device, what).second;
    });
}

}  // namespace policy

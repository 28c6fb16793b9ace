// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/sriov_reasons.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "policy/plan/desired_state.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/sriov.hpp"

namespace policy {
namespace {

/// The driver that will make the VFs: the first candidate, unless the PF stays where it is.
std::optional<std::string> driver_of_pf(const sysfs::Device& pf, const Rule& rule,
                                        const PlanContext& context) {
    const Decision* decision = find_decision(context.decisions, pf.id);
    if (decision == nullptr || !rule.driver || has_desired_driver({&pf, decision}))
        return pf.driver;
    switch (rule.driver->kind) {
        case DriverAction::ActionKind::kChain: {
            const std::vector<ChainLink> usable = decision->chain.usable();
            if (usable.empty())
                return std::nullopt;
            return usable.front().driver ? usable.front().driver : usable.front().module;
        }
        case DriverAction::ActionKind::kNone:
            return std::nullopt;
        case DriverAction::ActionKind::kHost:
            return is_on_native_driver(pf) ? pf.driver : "host";
    }
    return std::nullopt;
}

/// Without sriov_configure() in the PF's driver a write to sriov_numvfs is ENOENT. Of the kernel's
/// VFIO drivers only vfio-pci has it, and asks for its parameter. The others are for VFs.
bool makes_vfs(const std::string& driver, const sysfs::Drivers& drivers) {
    constexpr std::array<std::string_view, 9> kWithout = {
        "pci_stub",     "uio_pci_generic", "mlx5_vfio_pci",        "hisi_acc_vfio_pci",
        "pds_vfio_pci", "virtio_vfio_pci", "nvgrace_gpu_vfio_pci", "qat_vfio_pci",
        "xe_vfio_pci"};
    const std::string name = sysfs::normalise_module(driver);
    return name == "vfio_pci" ? drivers.vfio_pci_makes_vfs
                              : std::find(kWithout.begin(), kWithout.end(), name) == kWithout.end();
}

void add_driver_of_vfs(const sysfs::Device& pf, const Rule& rule, const PlanContext& context,
                       std::vector<Reason>& reasons) {
    const auto driver = driver_of_pf(pf, rule, context);
    if (!driver)
        reasons.push_back(make_reason(ReasonCode::kNoDriver, pf.id,
                                      "is unbound, and only its driver can create VFs"));
    else if (!makes_vfs(*driver, context.drivers))
        reasons.push_back(
            make_reason(ReasonCode::kDriverDenies, pf.id, "is for a driver that makes no VFs",
                        *driver + (sysfs::normalise_module(*driver) == "vfio_pci"
                                       ? " without enable_sriov=1, its module's parameter"
                                       : "")));
}

/// Where the kernel puts a VF: pci_iov_virtfn_bus(), pci_iov_virtfn_devfn().
std::optional<std::string> vf_address(const sysfs::Device& pf, std::uint32_t index) {
    const auto at = sysfs::parse_pci_address(pf.id.name);
    if (!at || !pf.sriov->offset || !pf.sriov->stride)
        return std::nullopt;
    const std::uint32_t id = (std::uint32_t{at->bus} << 8U) + (std::uint32_t{at->slot} << 3U) +
                             at->function + *pf.sriov->offset + *pf.sriov->stride * index;
    const auto part = [id](unsigned shift, std::uint32_t mask) {
        return static_cast<std::uint8_t>((id >> shift) & mask);
    };
    return sysfs::PciAddress{at->domain, part(8, 0xff), part(3, 0x1f), part(0, 7)}.text();
}

/// A device that stayed behind when a PF was removed with its VFs enabled. Adding a VF there fails
/// with EEXIST, after the PF's driver has been asked for them.
void add_occupants(const sysfs::Device& pf, std::uint32_t count, const PlanContext& context,
                   std::vector<Reason>& reasons) {
    std::set<std::string> own;
    for (const auto& [index, name] : pf.sriov->vfs)
        own.insert(name);
    for (std::uint32_t index = 0; index < std::min(count, pf.sriov->total); ++index) {
        const auto address = vf_address(pf, index);
        if (!address || own.contains(*address) ||
            context.inventory.find({"pci", *address}) == nullptr)
            continue;
        reasons.push_back(
            make_reason(ReasonCode::kDriverDenies, {"pci", *address},
                        "is where VF " + std::to_string(index) + " of " + pf.id.display() +
                            " would come, left over from a PF that was removed",
                        "echo 1 > /sys/bus/pci/devices/" + *address + "/remove clears it"));
    }
}

/// The use itself is forceable, but not that the device disappears.
void add_uses_of_vf(const sysfs::DeviceId& vf, const Rule& rule, const PlanContext& context,
                    std::vector<Reason>& reasons) {
    const auto found = context.usage.find(vf);
    if (found == context.usage.end())
        return;
    for (const sysfs::Use& use : found->second)
        if (!is_allowed(use, rule, context.forced))
            reasons.push_back(
                make_reason(ReasonCode::kVfsInUse, vf, "a VF that would go is in use: " + use.text,
                            use.evidence.empty() ? std::nullopt : std::optional(use.evidence)));
}

}  // namespace

void add_vfs_in_use(const sysfs::Device& pf, std::vector<Reason>& reasons) {
    if (!pf.sriov || pf.sriov->enabled == 0)
        return;
    reasons.push_back(make_reason(ReasonCode::kVfsInUse, pf.id,
                                  "is a PF with VFs enabled, which disappear with its driver",
                                  std::to_string(pf.sriov->enabled) + " VFs"));
}

void add_sriov_reasons(const sysfs::Device& pf, std::uint32_t count, const Rule& rule,
                       const PlanContext& context, std::vector<Reason>& reasons) {
    if (!pf.sriov) {
        reasons.push_back(
            make_reason(ReasonCode::kDriverDenies, pf.id, "is no PF: it cannot have VFs"));
        return;
    }
    if (count > pf.sriov->total)
        reasons.push_back(make_reason(
            ReasonCode::kDriverDenies, pf.id, "cannot have as many VFs as wanted",
            std::to_string(count) + " wanted, " + std::to_string(pf.sriov->total) + " at most"));
    add_driver_of_vfs(pf, rule, context, reasons);
    add_occupants(pf, count, context, reasons);
    // A non-zero number changes by way of 0, so the existing VFs disappear.
    for (const sysfs::DeviceId& id : sysfs::vf_ids(pf)) {
        add_uses_of_vf(id, rule, context, reasons);
        const sysfs::Device* vf = context.inventory.find(id);
        if (vf != nullptr && is_bound_to_vfio(*vf))
            reasons.push_back(make_reason(ReasonCode::kVfsInUse, id,
                                          "a VF that would go is on VFIO",
                                          id.name + " is on " + vf->driver.value_or("VFIO")));
    }
}

}  // namespace policy

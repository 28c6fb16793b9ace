// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/isolation_checks.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "base/dir.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/module/modprobe_config.hpp"

/// What the hardware and the firmware leave of isolation: groups, ACS, reserved regions.
namespace vfioctl {
namespace {

constexpr std::size_t kConfigBytes = 4096;
constexpr std::size_t kExtended = 0x100;
constexpr std::uint32_t kAcs = 0x000d;
constexpr unsigned kAcsNeeded =
    0x1d;  ///< SV, RR, CR, UF: what the kernel wants of a port to split a group

std::uint32_t word_at(const std::string& config, std::size_t at, std::size_t bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(config[at + i])) << (8 * i);
    return value;
}

enum class AcsState { kOn, kOff, kUnknown };

/// Walks the extended capabilities, whose pointers must increase.
AcsState parse_acs(const std::string& config) {
    if (config.size() < kExtended + 4)
        return AcsState::kUnknown;
    for (std::size_t at = kExtended; at >= kExtended && at + 8 <= config.size();) {
        const std::uint32_t header = word_at(config, at, 4);
        if ((header & 0xffffU) == kAcs)
            return (word_at(config, at + 6, 2) & kAcsNeeded) == kAcsNeeded ? AcsState::kOn
                                                                           : AcsState::kOff;
        const std::size_t next = header >> 20U & 0xffcU;
        if (next <= at)
            return AcsState::kOff;
        at = next;
    }
    return AcsState::kOff;
}

/// Endpoints of one group that are no functions of one slot: hardware between them lets them talk.
bool is_mixed(const HostAssessment& assessment, const sysfs::Group& group) {
    std::set<std::string> slots;
    for (const sysfs::DeviceId& id : group.devices) {
        const sysfs::Device* device = assessment.inventory.find(id);
        if (id.bus == "pci" && device != nullptr && !device->is_bridge())
            slots.insert(id.name.substr(0, id.name.rfind('.')));
    }
    return slots.size() > 1;
}

std::vector<std::string> bridges_above(const DoctorContext& context, const sysfs::Group& group) {
    std::set<std::string> out;
    for (const sysfs::DeviceId& id : group.devices)
        for (const sysfs::Device& bridge : context.assessment.inventory.devices) {
            const sysfs::Device* device = context.assessment.inventory.find(id);
            if (!bridge.is_bridge() || device == nullptr ||
                !device->syspath.starts_with(bridge.syspath + "/"))
                continue;
            const auto dir = base::Dir::open(context.root.path(bridge.syspath));
            const auto config =
                dir ? dir->read_bytes("config", kConfigBytes) : base::propagate(dir);
            if (config && parse_acs(*config) == AcsState::kOff)
                out.insert(bridge.id.name);
        }
    return {out.begin(), out.end()};
}

/// Only groups that matter to someone: with a device that VFIO has or is to have.
std::set<int> relevant_groups(const DoctorContext& context) {
    std::set<int> out;
    for (const sysfs::Device* device : context.assignable())
        if (device->iommu_group)
            out.insert(*device->iommu_group);
    return out;
}

CheckResult acs(const DoctorContext& context) {
    CheckResult out{"acs", CheckVerdict::kOk, "no group mixes devices of several slots", {}};
    for (const sysfs::KernelArgument& argument : sysfs::read_kernel_arguments(context.root))
        if (argument.key == "pcie_acs_override")
            return {"acs", CheckVerdict::kWarn,
                    argument.text +
                        " makes the kernel assume ACS isolation that the bridges do not have: "
                        "devices in different groups may reach each other",
                    "start without it, and assign whole groups"};
    std::vector<std::string> mixed;
    const std::set<int> interest = relevant_groups(context);
    for (const auto& [id, group] : context.assessment.inventory.groups) {
        if (!is_mixed(context.assessment, group))
            continue;
        const auto bridges = bridges_above(context, group);
        mixed.push_back("group " + std::to_string(id) + " has " +
                        std::to_string(group.devices.size()) + " devices" +
                        (bridges.empty() ? "" : " (no ACS at " + bridges.front() + ")"));
        if (interest.contains(id))
            out.verdict = CheckVerdict::kWarn;
    }
    if (!mixed.empty())
        out.evidence = listed(mixed);
    if (out.verdict == CheckVerdict::kWarn)
        out.remedy =
            "another slot, or ACS in the firmware's setup; `vfioctl groups --tree` shows the "
            "members";
    return out;
}

CheckResult viability(const DoctorContext& context) {
    std::vector<std::string> blocked;
    for (const int id : relevant_groups(context)) {
        const auto group = context.assessment.inventory.groups.find(id);
        if (group == context.assessment.inventory.groups.end())
            continue;
        const bool in_use = std::any_of(
            group->second.devices.begin(), group->second.devices.end(), [&](const auto& device) {
                const sysfs::Device* member = context.assessment.inventory.find(device);
                return member != nullptr && member->vfio.has_value();
            });
        for (const sysfs::Blocker& blocker : group->second.blockers)
            if (in_use)
                blocked.push_back("group " + std::to_string(id) + ": " + blocker.device.display() +
                                  " on " + blocker.driver);
    }
    if (blocked.empty())
        return {"groups", CheckVerdict::kOk, "no group that VFIO has a device of is blocked", {}};
    return {"groups", CheckVerdict::kFail,
            "not viable, so no program can open it: " + listed(blocked),
            "bind those to VFIO too (`group: whole`), or unbind them"};
}

/// "direct": firmware or a management controller keeps doing DMA there, and VFIO refuses the
/// device.
CheckResult reserved(const DoctorContext& context) {
    std::vector<std::string> relevant;
    std::vector<std::string> others;
    const std::set<int> interest = relevant_groups(context);
    for (const auto& [id, group] : context.assessment.inventory.groups) {
        std::istringstream regions(
            context.text("/sys/kernel/iommu_groups/" + std::to_string(id) + "/reserved_regions")
                .value_or(""));
        for (std::string line; std::getline(regions, line);)
            if (line.ends_with(" direct"))
                (interest.contains(id) ? relevant : others)
                    .push_back("group " + std::to_string(id) + ": " + line);
    }
    if (!relevant.empty())
        return {"reserved-regions", CheckVerdict::kFail,
                "the firmware reserves DMA regions (RMRR): " + listed(relevant),
                "a firmware setting or update that removes them; other devices are not affected"};
    if (!others.empty())
        return {"reserved-regions",
                CheckVerdict::kOk,
                "none of a wanted device; the firmware reserves DMA regions (RMRR) of others: " +
                    listed(others),
                {}};
    return {"reserved-regions", CheckVerdict::kOk, "no direct-mapped regions", {}};
}

}  // namespace

void check_isolation(const DoctorContext& context, CheckResults& results) {
    if (context.assessment.inventory.groups.empty()) {
        for (const char* check : {"groups", "acs", "reserved-regions"})
            results.push_back({check, CheckVerdict::kSkip, "this host has no IOMMU groups", {}});
        return;
    }
    results.push_back(viability(context));
    results.push_back(acs(context));
    results.push_back(reserved(context));
}

}  // namespace vfioctl

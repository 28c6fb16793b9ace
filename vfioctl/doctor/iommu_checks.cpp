// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/iommu_checks.hpp"

#include "vfioctl/render/counted.hpp"

#include <map>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/vfio_nodes.hpp"

/// Is there an IOMMU at work, in which mode, and are interrupts remapped?
namespace vfioctl {
namespace {

/// The firmware's table of IOMMUs: there although nothing uses it means that the kernel does not
/// want to.
std::string firmware_table(const DoctorContext& context) {
    for (const std::string table : {"DMAR", "IVRS", "IORT", "VIOT"})
        for (const std::string& name :
             base::list_directory(context.root.path("/sys/firmware/acpi/tables")))
            if (name == table)
                return table;
    return {};
}

std::size_t real_groups(const HostAssessment& assessment) {
    std::size_t count = 0;
    for (const auto& [id, group] : assessment.inventory.groups)
        count += group.name != sysfs::kNoiommuGroupName && !group.devices.empty() ? 1 : 0;
    return count;
}

CheckResult iommu(const DoctorContext& context) {
    const auto units = base::list_directory(context.root.path("/sys/class/iommu"));
    const std::size_t groups = real_groups(context.assessment);
    CheckResult out{"iommu", CheckVerdict::kOk, {}, {}};
    if (groups > 0) {
        out.evidence =
            (units.empty() ? std::string("no entry in /sys/class/iommu") : listed(units)) + "; " +
            counted(groups, "group");
        return out;
    }
    out.verdict = CheckVerdict::kFail;
    const std::string table = firmware_table(context);
    out.evidence = units.empty()
                       ? "no IOMMU is in use: /sys/class/iommu is empty and there are no groups"
                       : listed(units) + ", but no device is in a group";
    if (!table.empty())
        out.evidence += "; the firmware describes one (ACPI table " + table + ")";
    out.remedy =
        table.empty()
            ? "enable the IOMMU in the firmware's setup (VT-d, AMD-Vi, SMMU); in a guest, give it "
              "one"
            : "enable it on the kernel command line: intel_iommu=on on Intel; remove iommu=off";
    return out;
}

CheckResult mode(const DoctorContext& context) {
    std::map<std::string, unsigned> types;
    for (const auto& [id, group] : context.assessment.inventory.groups)
        if (!group.type.empty())
            ++types[group.type];
    CheckResult out{"iommu-mode", CheckVerdict::kSkip, "no group reports its type", {}};
    if (types.empty())
        return out;
    out.verdict = types.contains("identity") ? CheckVerdict::kWarn : CheckVerdict::kOk;
    std::vector<std::string> words;
    for (const auto& [type, count] : types)
        words.push_back(std::to_string(count) + " of type " + type);
    out.evidence = listed(words);
    if (out.verdict == CheckVerdict::kWarn)
        out.remedy =
            "identity (iommu=pt) lets devices on their native drivers reach all memory; assigned "
            "ones "
            "are isolated all the same. iommu.passthrough=0 isolates all";
    return out;
}

/// On x86 alone it is a thing of its own: message interrupts are writes to memory, and without
/// remapping a guest's device can send any.
CheckResult interrupts(const DoctorContext& context) {
    CheckResult out{"interrupt-remapping", CheckVerdict::kSkip, {}, {}};
    const std::string& arch = context.assessment.inventory.host.arch;
    const auto table = context.text("/proc/interrupts");
    if (arch != "x86_64" && arch != "i686") {
        out.evidence =
            "not applicable on " + (arch.empty() ? std::string("an unknown architecture") : arch);
        return out;
    }
    if (!table || real_groups(context.assessment) == 0) {
        out.evidence = table ? "requires an IOMMU" : "/proc/interrupts cannot be read";
        return out;
    }
    const bool unsafe =
        context.text("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts") == "Y";
    if (table->find(" IR-") != std::string::npos) {
        out.verdict = unsafe ? CheckVerdict::kWarn : CheckVerdict::kOk;
        out.evidence =
            unsafe ? "in use, but vfio_iommu_type1 does not require it (allow_unsafe_interrupts)"
                   : "in use, by the chips in /proc/interrupts";
        out.remedy = unsafe ? "remove allow_unsafe_interrupts=1 from modprobe's configuration" : "";
        return out;
    }
    out.verdict = unsafe ? CheckVerdict::kWarn : CheckVerdict::kFail;
    out.evidence =
        unsafe ? "not in use, and vfio_iommu_type1 allows that (allow_unsafe_interrupts): a guest "
                 "can send any interrupt to the host"
               : "not in use: VFIO refuses to attach a device";
    out.remedy = "enable it in the firmware's setup (x2APIC, interrupt remapping)";
    return out;
}

CheckResult noiommu(const DoctorContext& context) {
    const sysfs::Host& host = context.assessment.inventory.host;
    if (host.noiommu)
        return {"noiommu", CheckVerdict::kWarn,
                "vfio's enable_unsafe_noiommu_mode is on: a device assigned in this mode can write "
                "to all of memory",
                "echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode, and remove it "
                "from modprobe's configuration"};
    const auto value = context.text("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
    return {"noiommu",
            CheckVerdict::kOk,
            value ? "off" : "this kernel does not have it, or vfio is not loaded",
            {}};
}

}  // namespace

void check_iommu(const DoctorContext& context, CheckResults& results) {
    results.push_back(iommu(context));
    results.push_back(mode(context));
    results.push_back(interrupts(context));
    results.push_back(noiommu(context));
}

}  // namespace vfioctl

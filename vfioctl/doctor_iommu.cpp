// SPDX-License-Identifier: LGPL-2.1-or-later
#include <map>

#include "sysfs/text_file.hpp"
#include "vfioctl/doctor.hpp"

/// Is there an IOMMU at work, in which mode, and are interrupts remapped?
namespace vfioctl {
namespace {

constexpr const char* kMadeUp = "vfio-noiommu";

/// The firmware's table of IOMMUs: there although nothing uses it means that the kernel does not want to.
std::string firmware_table(const Patient& patient) {
    for (const std::string table : {"DMAR", "IVRS", "IORT", "VIOT"})
        for (const std::string& name :
             sysfs::list_directory(patient.root.path("/sys/firmware/acpi/tables")))
            if (name == table)
                return table;
    return {};
}

std::size_t real_groups(const World& world) {
    std::size_t count = 0;
    for (const auto& [id, group] : world.inventory.groups)
        count += group.name != kMadeUp && !group.devices.empty() ? 1 : 0;
    return count;
}

Finding iommu(const Patient& patient) {
    const auto units = sysfs::list_directory(patient.root.path("/sys/class/iommu"));
    const std::size_t groups = real_groups(patient.world);
    Finding out{"iommu", Health::kOk, {}, {}};
    if (groups > 0) {
        out.evidence = (units.empty() ? std::string("no entry in /sys/class/iommu") : listed(units)) +
                       "; " + counted(groups, "group");
        return out;
    }
    out.health = Health::kFail;
    const std::string table = firmware_table(patient);
    out.evidence = units.empty() ? "no IOMMU is in use: /sys/class/iommu is empty and there are no groups"
                                 : listed(units) + ", but no device is in a group";
    if (!table.empty())
        out.evidence += "; the firmware describes one (ACPI table " + table + ")";
    out.remedy = table.empty()
                     ? "enable the IOMMU in the firmware's setup (VT-d, AMD-Vi, SMMU); in a guest, give it one"
                     : "let the kernel use it: intel_iommu=on for Intel's, and nothing like iommu=off";
    return out;
}

Finding mode(const Patient& patient) {
    std::map<std::string, unsigned> types;
    for (const auto& [id, group] : patient.world.inventory.groups)
        if (!group.type.empty())
            ++types[group.type];
    Finding out{"iommu-mode", Health::kSkip, "no group tells its type", {}};
    if (types.empty())
        return out;
    out.health = types.contains("identity") ? Health::kWarn : Health::kOk;
    std::vector<std::string> words;
    for (const auto& [type, count] : types)
        words.push_back(std::to_string(count) + " of type " + type);
    out.evidence = listed(words);
    if (out.health == Health::kWarn)
        out.remedy = "identity (iommu=pt) lets devices on their native drivers reach all memory; assigned ones "
                     "are isolated all the same. iommu.passthrough=0 isolates all";
    return out;
}

/// On x86 alone it is a thing of its own: message interrupts are writes to memory, and without remapping a
/// guest's device can send any.
Finding interrupts(const Patient& patient) {
    Finding out{"interrupt-remapping", Health::kSkip, {}, {}};
    const std::string& arch = patient.world.inventory.host.arch;
    const auto table = patient.text("/proc/interrupts");
    if (arch != "x86_64" && arch != "i686") {
        out.evidence = "no matter on " + (arch.empty() ? std::string("an unknown architecture") : arch);
        return out;
    }
    if (!table || real_groups(patient.world) == 0) {
        out.evidence = table ? "without an IOMMU there is none" : "/proc/interrupts cannot be read";
        return out;
    }
    const bool unsafe =
        patient.text("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts") == "Y";
    if (table->find(" IR-") != std::string::npos) {
        out.health = unsafe ? Health::kWarn : Health::kOk;
        out.evidence = unsafe ? "in use, but vfio_iommu_type1 would do without (allow_unsafe_interrupts)"
                              : "in use, by the chips in /proc/interrupts";
        out.remedy = unsafe ? "take allow_unsafe_interrupts=1 out of modprobe's configuration" : "";
        return out;
    }
    out.health = unsafe ? Health::kWarn : Health::kFail;
    out.evidence = unsafe ? "not in use, and vfio_iommu_type1 allows that (allow_unsafe_interrupts): a guest "
                            "can send any interrupt to the host"
                          : "not in use: VFIO refuses to attach a device";
    out.remedy = "enable it in the firmware's setup (x2APIC, interrupt remapping)";
    return out;
}

Finding noiommu(const Patient& patient) {
    const sysfs::Host& host = patient.world.inventory.host;
    if (host.noiommu)
        return {"noiommu", Health::kWarn,
                "vfio's enable_unsafe_noiommu_mode is on: a device handed out so can write to all of memory",
                "echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode, and take it out of "
                "modprobe's configuration"};
    const auto value = patient.text("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
    return {"noiommu", Health::kOk, value ? "off" : "this kernel does not have it, or vfio is not loaded", {}};
}

}  // namespace

void examine_iommu(const Patient& patient, Findings& findings) {
    findings.push_back(iommu(patient));
    findings.push_back(mode(patient));
    findings.push_back(interrupts(patient));
    findings.push_back(noiommu(patient));
}

}  // namespace vfioctl

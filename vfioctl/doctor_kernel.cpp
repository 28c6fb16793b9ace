// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/stat.h>

#include "sysfs/module_loader.hpp"
#include "vfioctl/doctor.hpp"

/// What this kernel has of VFIO, and what it forbids.
namespace vfioctl {
namespace {

using sysfs::ModuleState;

const char* state_word(ModuleState state) {
    switch (state) {
        case ModuleState::kMissing: return "missing";
        case ModuleState::kAvailable: return "can be loaded";
        case ModuleState::kDenied: return "denied";
        case ModuleState::kLoaded: return "loaded";
        case ModuleState::kBuiltin: return "built in";
    }
    return "";
}

bool is_there(ModuleState state) {
    switch (state) {
        case ModuleState::kAvailable:
        case ModuleState::kLoaded:
        case ModuleState::kBuiltin: return true;
        case ModuleState::kMissing:
        case ModuleState::kDenied: return false;
    }
    return false;
}

bool exists(const Patient& patient, const std::string& path) {
    struct stat status {};
    return ::stat(patient.root.path(path).c_str(), &status) == 0;
}

/// A module that is not in modules.dep but registered or a directory of /sys/module is there all the same.
ModuleState state_of(const Patient& patient, const std::string& module) {
    const ModuleState state = patient.world.drivers.module_state(module);
    if (state == ModuleState::kMissing && exists(patient, "/sys/module/" + module))
        return ModuleState::kBuiltin;
    return state;
}

Finding modules(const Patient& patient) {
    const ModuleState pci = state_of(patient, "vfio_pci");
    const ModuleState type1 = state_of(patient, "vfio_iommu_type1");
    const ModuleState spapr = state_of(patient, "vfio_iommu_spapr_tce");
    const ModuleState iommufd = state_of(patient, "iommufd");
    const bool memory = is_there(type1) || is_there(spapr) || is_there(iommufd);
    // SPAPR's is POWER's alone, and type1 is not there.
    const bool power = patient.world.inventory.host.arch.starts_with("ppc");
    Finding out{"vfio-modules", Health::kOk,
                std::string("vfio_pci ") + state_word(pci) +
                    (power ? std::string("; vfio_iommu_spapr_tce ") + state_word(spapr)
                           : std::string("; vfio_iommu_type1 ") + state_word(type1)) +
                    "; iommufd " + state_word(iommufd),
                {}};
    if (is_there(pci) && memory)
        return out;
    out.health = Health::kFail;
    for (const char* module : {"vfio_pci", "vfio_iommu_type1", "vfio"})
        if (const auto line = sysfs::denying_line(patient.root, module)) {
            out.remedy = "take out " + *line;
            return out;
        }
    out.remedy = "a kernel with CONFIG_VFIO_PCI, and with CONFIG_VFIO_IOMMU_TYPE1 or CONFIG_IOMMUFD";
    return out;
}

Finding iommufd(const Patient& patient) {
    if (exists(patient, "/dev/iommu"))
        return {"iommufd", Health::kOk, "/dev/iommu is there", {}};
    const ModuleState state = state_of(patient, "iommufd");
    if (is_there(state))
        return {"iommufd", Health::kOk, std::string("module iommufd ") + state_word(state), {}};
    return {"iommufd", Health::kSkip, "this kernel has none; groups and type1 do without", {}};
}

Finding lockdown(const Patient& patient) {
    const auto text = patient.text("/sys/kernel/security/lockdown");
    if (!text)
        return {"lockdown", Health::kSkip, "not told by this kernel", {}};
    if (text->find("[none]") != std::string::npos)
        return {"lockdown", Health::kOk, "none", {}};
    return {"lockdown", Health::kWarn,
            *text + ": unsigned modules do not load, and PCI config space cannot be written through sysfs",
            "sign what you load; turning Secure Boot off lifts it"};
}

Finding secure_boot(const Patient& patient) {
    constexpr const char* kVariable =
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    const auto value = patient.text(kVariable);
    // Four bytes of attributes, then 1 or 0.
    if (!value || value->size() < 5)
        return {"secure-boot", Health::kSkip, "not told by the firmware", {}};
    return {"secure-boot", Health::kOk,
            value->at(4) == '\1' ? "on: only signed modules load" : "off", {}};
}

}  // namespace

void examine_kernel(const Patient& patient, Findings& findings) {
    findings.push_back(modules(patient));
    findings.push_back(iommufd(patient));
    findings.push_back(lockdown(patient));
    findings.push_back(secure_boot(patient));
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/kernel_checks.hpp"

#include <sys/stat.h>

#include "sysfs/module/module_denial.hpp"
#include "sysfs/module/module_loader.hpp"

/// What this kernel has of VFIO, and what it forbids.
namespace vfioctl {
namespace {

using sysfs::ModuleState;

const char* module_state_name(ModuleState state) {
    switch (state) {
        case ModuleState::kMissing:
            return "missing";
        case ModuleState::kAvailable:
            return "can be loaded";
        case ModuleState::kDenied:
            return "denied";
        case ModuleState::kLoaded:
            return "loaded";
        case ModuleState::kBuiltin:
            return "built in";
    }
    return "";
}

bool is_there(ModuleState state) {
    switch (state) {
        case ModuleState::kAvailable:
        case ModuleState::kLoaded:
        case ModuleState::kBuiltin:
            return true;
        case ModuleState::kMissing:
        case ModuleState::kDenied:
            return false;
    }
    return false;
}

bool exists(const DoctorContext& context, const std::string& path) {
    struct stat status {};
    return ::stat(context.root.path(path).c_str(), &status) == 0;
}

/// A module that is not in modules.dep but registered or a directory of /sys/module is there all
/// the same.
ModuleState module_state(const DoctorContext& context, const std::string& module) {
    const ModuleState state = context.assessment.drivers.module_state(module);
    if (state == ModuleState::kMissing && exists(context, "/sys/module/" + module))
        return ModuleState::kBuiltin;
    return state;
}

CheckResult modules(const DoctorContext& context) {
    const ModuleState pci = module_state(context, "vfio_pci");
    const ModuleState type1 = module_state(context, "vfio_iommu_type1");
    const ModuleState spapr = module_state(context, "vfio_iommu_spapr_tce");
    const ModuleState iommufd = module_state(context, "iommufd");
    const bool memory = is_there(type1) || is_there(spapr) || is_there(iommufd);
    // SPAPR's is POWER's alone, and type1 is not there.
    const bool power = context.assessment.inventory.host.arch.starts_with("ppc");
    CheckResult out{"vfio-modules",
                    CheckVerdict::kOk,
                    std::string("vfio_pci ") + module_state_name(pci) +
                        (power ? std::string("; vfio_iommu_spapr_tce ") + module_state_name(spapr)
                               : std::string("; vfio_iommu_type1 ") + module_state_name(type1)) +
                        "; iommufd " + module_state_name(iommufd),
                    {}};
    if (is_there(pci) && memory)
        return out;
    out.verdict = CheckVerdict::kFail;
    for (const char* module : {"vfio_pci", "vfio_iommu_type1", "vfio"})
        if (const auto line = sysfs::denying_line(context.root, module)) {
            out.remedy = "remove " + *line;
            return out;
        }
    out.remedy =
        "a kernel with CONFIG_VFIO_PCI, and with CONFIG_VFIO_IOMMU_TYPE1 or CONFIG_IOMMUFD";
    return out;
}

CheckResult iommufd(const DoctorContext& context) {
    if (exists(context, "/dev/iommu"))
        return {"iommufd", CheckVerdict::kOk, "/dev/iommu is there", {}};
    const ModuleState state = module_state(context, "iommufd");
    if (is_there(state))
        return {"iommufd",
                CheckVerdict::kOk,
                std::string("module iommufd ") + module_state_name(state),
                {}};
    return {"iommufd",
            CheckVerdict::kSkip,
            "not supported by this kernel; VFIO groups with type1 do not need it",
            {}};
}

CheckResult lockdown(const DoctorContext& context) {
    const auto text = context.text("/sys/kernel/security/lockdown");
    if (!text)
        return {"lockdown", CheckVerdict::kSkip, "not reported by this kernel", {}};
    if (text->find("[none]") != std::string::npos)
        return {"lockdown", CheckVerdict::kOk, "none", {}};
    return {
        "lockdown", CheckVerdict::kWarn,
        *text +
            ": unsigned modules do not load, and PCI config space cannot be written through sysfs",
        "sign what you load; turning Secure Boot off lifts it"};
}

CheckResult secure_boot(const DoctorContext& context) {
    constexpr const char* kVariable =
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    const auto value = context.text(kVariable);
    // Four bytes of attributes, then 1 or 0.
    if (!value || value->size() < 5)
        return {"secure-boot", CheckVerdict::kSkip, "not reported by the firmware", {}};
    return {"secure-boot",
            CheckVerdict::kOk,
            value->at(4) == '\1' ? "on: only signed modules load" : "off",
            {}};
}

}  // namespace

void check_kernel(const DoctorContext& context, CheckResults& results) {
    results.push_back(modules(context));
    results.push_back(iommufd(context));
    results.push_back(lockdown(context));
    results.push_back(secure_boot(context));
}

}  // namespace vfioctl

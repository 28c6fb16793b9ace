// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "vfioctl/exported.hpp"

/// `-device vfio-pci,host=...` and its like. With iommufd (QEMU 9.0) all devices share one object, and so one address
/// space.
namespace vfioctl {
namespace {

constexpr const char* kObject = "iommufd0";

/// QEMU's device model, and how it is told which device is meant.
Outcome<std::string> model_of(const Subject& subject) {
    const sysfs::DeviceId& id = subject.device.id;
    if (subject.is_mdev()) {
        const std::string& api = subject.mdev_api;
        if (api == "vfio-pci" || api == "vfio-ccw" || api == "vfio-ap")
            return api + ",sysfsdev=/sys/bus/mdev/devices/" + id.name;
        return fail(ExitCode::kFailed, id.display(),
                    api.empty() ? "its parent does not say what kind of device it is"
                                : "QEMU has no device for the kind '" + api + "'");
    }
    if (id.bus == "pci")
        return "vfio-pci,host=" + id.name;
    return fail(ExitCode::kFailed, id.display(),
                "QEMU has no device that takes any device of the bus " + id.bus,
                id.bus == "css" ? "a mediated device on it can be exported" : "");
}

}  // namespace

Outcome<std::vector<std::string>> qemu_arguments(const std::vector<Subject>& subjects, Door door) {
    std::vector<std::string> out;
    if (door == Door::kIommufd)
        out = {"-object", std::string("iommufd,id=") + kObject};
    for (const Subject& subject : subjects) {
        auto model = model_of(subject);
        if (!model)
            return propagate(model);
        out.emplace_back("-device");
        out.push_back(*model + (door == Door::kIommufd ? std::string(",iommufd=") + kObject : ""));
    }
    return out;
}

}  // namespace vfioctl

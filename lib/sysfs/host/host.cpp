// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/host.hpp"

#include <sys/utsname.h>

#include <algorithm>

#include "base/dir.hpp"

namespace sysfs {

namespace {

std::string text_below(const Root& root, const std::string& dir, const std::string& name) {
    const auto opened = base::Dir::open(root.path(dir));
    return opened ? opened->attr(name).value_or("") : "";
}

std::string architecture(const Root& root) {
    if (root.is_live()) {
        utsname names{};
        return ::uname(&names) == 0 ? names.machine : "";
    }
    return text_below(root, "/proc/sys/kernel", "arch");  // Linux 6.1
}

std::string machine_id(const Root& root) {
    std::string id = text_below(root, "/etc", "machine-id");
    const bool good = id.size() == 32 && id.find_first_not_of("0123456789abcdef") == id.npos;
    return good ? id : "";  // systemd leaves "uninitialized" there until the first boot is over
}

}  // namespace

std::string kernel_release(const Root& root) {
    if (root.is_live()) {
        utsname names{};
        return ::uname(&names) == 0 ? names.release : "";
    }
    return text_below(root, "/proc/sys/kernel", "osrelease");
}

Host read_host(const Root& root) {
    Host out;
    out.arch = architecture(root);
    out.kernel = kernel_release(root);
    out.machine_id = machine_id(root);
    if (const auto units = base::Dir::open(root.path("/sys/class/iommu")))
        if (const auto names = units->entries())
            out.iommu = !names->empty();
    out.online_nodes = text_below(root, "/sys/devices/system/node", "online");
    out.noiommu =
        text_below(root, "/sys/module/vfio/parameters", "enable_unsafe_noiommu_mode") == "Y";
    return out;
}

}  // namespace sysfs

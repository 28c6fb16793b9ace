// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fake/tree.hpp"

namespace fake {

void write_group(Tree& tree, const sysfs::Group& group) {
    const std::string at = "/sys/kernel/iommu_groups/" + std::to_string(group.id) + "/";
    tree.dir(at + "devices");
    tree.file(at + "type", (group.type.empty() ? "unknown" : group.type) + "\n");
    if (!group.name.empty())
        tree.file(at + "name", group.name + "\n");
}

void write_host(Tree& tree, const sysfs::Host& host) {
    tree.dir("/sys/bus/pci/devices").dir("/sys/bus/pci/drivers").dir("/sys/kernel/iommu_groups");
    if (!host.arch.empty())
        tree.file("/proc/sys/kernel/arch", host.arch + "\n");
    if (!host.kernel.empty())
        tree.file("/proc/sys/kernel/osrelease", host.kernel + "\n");
    tree.file("/proc/cmdline", "quiet\n");
    if (!host.machine_id.empty())
        tree.file("/etc/machine-id", host.machine_id + "\n");
    if (!host.online_nodes.empty())
        tree.file("/sys/devices/system/node/online", host.online_nodes + "\n");
    tree.dir("/sys/class/iommu");
    if (host.iommu)
        tree.dir("/sys/class/iommu/dmar0");
    if (host.noiommu)
        tree.file("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
}

void write_drivers(Tree& tree, const std::string& kernel, const sysfs::Drivers& drivers) {
    for (const auto& [bus, registered] : drivers.registered)
        for (const auto& [driver, module] : registered) {
            const std::string at = "/sys/bus/" + bus + "/drivers/" + driver;
            tree.file(at + "/bind", "", 0200).file(at + "/unbind", "", 0200);
            if (module.empty())
                continue;
            tree.dir("/sys/module/" + module);
            tree.link(at + "/module", "/sys/module/" + module);
            tree.link("/sys/module/" + module + "/drivers/" + bus + ":" + driver, at);
        }
    const std::string dir = "/lib/modules/" + kernel + "/";
    std::string dependencies;
    std::string builtin;
    std::string denied;
    for (const auto& [module, state] : drivers.modules) {
        const std::string line = "kernel/drivers/" + module + ".ko";
        if (state == sysfs::ModuleState::kLoaded)
            tree.file("/sys/module/" + module + "/initstate", "live\n");
        if (state == sysfs::ModuleState::kBuiltin)
            builtin += line + "\n";
        else if (state != sysfs::ModuleState::kMissing)
            dependencies += line + ":\n";
        if (state == sysfs::ModuleState::kDenied)
            denied += "blacklist " + module + "\n";
    }
    std::string aliases = "# Aliases extracted from modules themselves.\n";
    std::string modinfo;
    std::vector<sysfs::ModuleAlias> all = drivers.aliases;
    all.insert(all.end(), drivers.native_aliases.begin(), drivers.native_aliases.end());
    for (const auto& [pattern, module] : all)
        if (drivers.module_state(module) == sysfs::ModuleState::kBuiltin)
            modinfo += module + ".alias=" + pattern + '\0';
        else
            aliases += "alias " + pattern + " " + module + "\n";
    tree.file(dir + "modules.dep", dependencies).file(dir + "modules.builtin", builtin);
    tree.file(dir + "modules.alias", aliases).file(dir + "modules.builtin.modinfo", modinfo);
    if (!denied.empty())
        tree.file("/etc/modprobe.d/denied.conf", denied);
}

}  // namespace fake

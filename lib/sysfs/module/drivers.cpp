// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/drivers.hpp"

#include "base/dir.hpp"
#include "sysfs/device/group.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/module/aliases.hpp"
#include "sysfs/module/modprobe_config.hpp"
#include "sysfs/module/module_index.hpp"

namespace sysfs {

namespace {

using Registered = std::map<std::string, std::map<std::string, std::string>>;

std::set<std::string> list_buses(const base::Dir& buses) {
    const auto names = buses.entries();
    return names ? std::set<std::string>(names->begin(), names->end()) : std::set<std::string>();
}

Registered read_registered(const Root& root, const std::set<std::string>& buses) {
    Registered out;
    const auto dir = base::Dir::open(root.path("/sys/bus"));
    if (!dir)
        return out;
    for (const std::string& bus : buses.empty() ? list_buses(*dir) : buses) {
        base::DirListing drivers;
        const auto opened = dir->sub_listed(bus + "/drivers", drivers);
        if (!opened)
            continue;
        for (const std::string& driver : drivers.sorted())
            out[bus][driver] = opened->link_name(driver + "/module").value_or("");
    }
    return out;
}

/// The same from the modules' directories, "drivers/BUS:DRIVER". The kernel makes both links or
/// none, but a capture may lack one.
void complete_from_modules(const Root& root, Registered& registered) {
    const auto dir = base::Dir::open(root.path("/sys/module"));
    const auto modules = dir ? dir->entries() : base::propagate(dir);
    if (!modules)
        return;
    for (const std::string& module : *modules) {
        const auto links = dir->entries(module + "/drivers");
        if (!links)
            continue;
        for (const std::string& link : *links) {
            const std::size_t colon = link.find(':');
            if (colon == std::string::npos)
                continue;
            std::string& known = registered[link.substr(0, colon)][link.substr(colon + 1)];
            if (known.empty())
                known = module;
        }
    }
}

/// The modules whose state a decision can need: of the aliases, of the drivers that policies name
/// (the module of that name and the one that registered the driver), and of the buses' generic
/// drivers.
std::set<std::string> asked_modules(const Drivers& drivers, const ScanOptions& wanted) {
    std::set<std::string> out;
    for (const ModuleAlias& alias : drivers.aliases)
        out.insert(alias.module);
    for (const std::string& driver : wanted.drivers)
        out.insert(normalise_module(driver));
    if (!wanted.named_only)
        for (const GenericDriver& generic : generic_vfio_drivers())
            out.insert(normalise_module(generic.driver));
    for (const auto& [bus, registered] : drivers.registered)
        for (const auto& [driver, module] : registered)
            if (!module.empty() && wanted.drivers.contains(driver))
                out.insert(module);
    return out;
}

/// The modules of the named drivers that are not VFIO's: those the devices have ids of.
std::set<std::string> native_modules(const Drivers& drivers, const ScanOptions& wanted) {
    std::set<std::string> out;
    for (const std::string& driver : wanted.drivers) {
        if (is_vfio_driver(driver))
            continue;
        out.insert(normalise_module(driver));
        for (const auto& [bus, registered] : drivers.registered)
            if (const auto at = registered.find(driver);
                at != registered.end() && !at->second.empty())
                out.insert(at->second);
    }
    return out;
}

}  // namespace

bool Drivers::is_registered(const std::string& bus, const std::string& driver) const {
    const auto at = registered.find(bus);
    return at != registered.end() && at->second.contains(driver);
}

ModuleState Drivers::module_state(std::string_view module) const {
    const auto at = modules.find(normalise_module(module));
    return at == modules.end() ? ModuleState::kMissing : at->second;
}

std::optional<std::string> Drivers::driver_for(const std::string& bus,
                                               std::string_view module) const {
    const auto at = registered.find(bus);
    if (at == registered.end())
        return std::nullopt;
    const std::string wanted = normalise_module(module);
    for (const auto& [driver, by] : at->second)
        if (!by.empty() && normalise_module(by) == wanted)
            return driver;
    return std::nullopt;
}

namespace {

/// As the kernel reads a boolean parameter (kstrtobool(); a bare name is true).
bool is_true(const std::string& text) {
    return text.empty() || text[0] == 'y' || text[0] == 'Y' || text[0] == '1' || text == "on";
}

/// While vfio_pci is not loaded: as modprobe would load it.
bool is_sriov_configured(const Root& root) {
    constexpr std::string_view kParameter = "enable_sriov";
    bool enabled = false;
    for (const ConfigLine& line : read_modprobe_config(root).lines) {
        if (line.words.size() < 3 || line.words[0] != "options" ||
            normalise_module(line.words[1]) != "vfio_pci")
            continue;
        for (const std::string& word : line.words)
            if (word.substr(0, word.find('=')) == kParameter)
                enabled = is_true(word.substr(std::min(kParameter.size() + 1, word.size())));
    }
    for (const KernelArgument& argument : read_kernel_arguments(root))
        if (argument.key == "vfio_pci.enable_sriov")
            enabled = is_true(argument.value);
    return enabled;
}

bool read_vfio_pci_makes_vfs(const Root& root) {
    const auto parameters = base::Dir::open(root.path("/sys/module/vfio_pci/parameters"));
    return parameters ? parameters->attr("enable_sriov") == "Y" : is_sriov_configured(root);
}

}  // namespace

base::Result<Drivers> read_drivers(const Root& root, const ScanOptions& wanted) {
    Drivers out;
    const ModuleIndex index(root);
    const auto add_module_states = [&] {
        for (const std::string& module : asked_modules(out, wanted))
            if (!out.modules.contains(module))
                out.modules.emplace(module, index.state(module));
    };
    if (!wanted.named_only)
        out.aliases = read_aliases(root, out.warnings);
    // Before the drivers: the drivers of what is loaded by now are registered, so that a loaded
    // module without one has none.
    add_module_states();
    out.registered = read_registered(root, wanted.driver_buses);
    if (!root.is_live())
        complete_from_modules(root, out.registered);
    add_module_states();
    out.native_aliases = read_native_aliases(root, native_modules(out, wanted));
    if (wanted.vf_makers)
        out.vfio_pci_makes_vfs = read_vfio_pci_makes_vfs(root);
    return out;
}

base::Result<std::vector<std::string>> modules_for(const Root& root, const std::string& modalias) {
    if (modalias.find(':') == std::string::npos)
        return base::fail(base::Code::kInvalid, {}, "'" + modalias + "'", "not a modalias");
    return ModuleIndex(root).matching(modalias);
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/driverctl_config.hpp"

#include <algorithm>
#include <set>

#include "base/file_io.hpp"
#include "base/file_trust.hpp"
#include "base/path.hpp"

namespace vfioctl {
namespace {

constexpr const char* kDriverctlDirectory = "/etc/driverctl.d";

/// The buses of this host, and those with driver_override that it may not have now.
std::set<std::string> bus_names(const sysfs::Root& root) {
    std::set<std::string> names = {"amba",     "ap",    "cdx", "css",  "fsl-mc", "pci",
                                   "platform", "rpmsg", "spi", "vdpa", "vmbus",  "wmi"};
    for (std::string& name : base::list_directory(root.path("/sys/bus")))
        names.insert(std::move(name));
    return names;
}

/// The longest bus name that `file` begins with; without one the part before the first '-'.
sysfs::DeviceId parse_file_name(const std::string& file, const std::set<std::string>& buses) {
    std::size_t length = std::min(file.find('-'), file.size());
    for (const std::string& bus : buses)
        if (bus.size() > length && file.starts_with(bus + "-"))
            length = bus.size();
    return {file.substr(0, length), length < file.size() ? file.substr(length + 1) : ""};
}

std::string find_problem(const DriverctlEntry& entry) {
    const auto& [bus, name] = entry.device;
    if (!sysfs::parse_bus_name(bus) || !sysfs::parse_device_name(name))
        return "its name is not BUS-DEVICE";
    if (bus == "pci" && !sysfs::parse_pci_address(name))
        return "no PCI device is spelled '" + name + "'";
    if (entry.driver.empty())
        return "it names no driver";
    if (!sysfs::parse_driver_name(entry.driver))
        return "'" + entry.driver + "' could not be a driver's name";
    return {};
}

/// As driverctl takes it, `$(< file)`: without the newlines at the end. Any other blank, a second
/// line or a comment makes it a name that no driver has.
std::string without_newlines(std::string text) {
    while (text.ends_with('\n'))
        text.pop_back();
    return text;
}

}  // namespace

std::vector<DriverctlEntry> read_driverctl_config(const sysfs::Root& root) {
    std::vector<DriverctlEntry> out;
    const std::vector<std::string> files = base::list_directory(root.path(kDriverctlDirectory));
    if (files.empty())
        return out;
    const std::set<std::string> buses = bus_names(root);
    for (const std::string& file : files) {
        DriverctlEntry entry{.path = std::string(kDriverctlDirectory) + "/" + file,
                             .device = parse_file_name(file, buses),
                             .driver = {},
                             .problem = {}};
        const auto trusted = base::check_trusted(root.path(entry.path));
        const auto text =
            trusted ? base::read_file(root.path(entry.path)) : base::propagate(trusted);
        entry.driver = without_newlines(text.value_or(""));
        entry.problem = text                                        ? find_problem(entry)
                        : text.error().code == base::Code::kRefused ? text.error().reason
                                                                    : "cannot be read";
        out.push_back(std::move(entry));
    }
    return out;
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/target_ports.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/dir.hpp"
#include "base/path.hpp"
#include "sysfs/device/device_reader.hpp"

namespace sysfs {
namespace {

constexpr const char* kTargets = "/sys/kernel/config/target";
constexpr const char* kNvmetPorts = "/sys/kernel/config/nvmet/ports";

/// "naa.21000024ff3dc4b2", "21:00:00:24:ff:3d:c4:b2", "0x21000024ff3dc4b2" and a GID alike.
std::string digits_of(std::string text) {
    for (const std::string_view start : {"naa.", "ib.", "0x"})
        if (text.starts_with(start))
            text.erase(0, start.size());
    std::erase(text, ':');
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

void add_lio(const Root& root, std::vector<TargetPort>& ports) {
    const std::string targets = root.path(kTargets);
    for (const std::string& fabric : base::list_directory(targets)) {
        if (fabric == "core")
            continue;
        const std::string wwns = targets + "/" + fabric;
        for (const std::string& wwn : base::list_directory(wwns))
            for (const std::string& group : base::list_directory(wwns + "/" + wwn)) {
                const auto dir = base::Dir::open(wwns + "/" + wwn + "/" + group);
                // A fabric without the attribute serves from the start.
                if (dir && group != "fabric_statistics" && dir->has("lun") &&
                    dir->attr("enable").value_or("1") == "1")
                    ports.push_back({"LIO target " + wwn, digits_of(wwn)});
            }
    }
}

void add_nvmet(const Root& root, std::vector<TargetPort>& ports) {
    const std::string directory = root.path(kNvmetPorts);
    for (const std::string& name : base::list_directory(directory)) {
        const auto port = base::Dir::open(directory + "/" + name);
        const std::string address = port ? port->attr("addr_traddr").value_or("") : "";
        const auto at = address.find("pn-");
        if (at != std::string::npos &&
            !base::list_directory(directory + "/" + name + "/subsystems").empty())
            ports.push_back({"nvmet port " + name, digits_of(address.substr(at + 3))});
    }
}

/// The names in a class of sysfs whose devices are below `syspath`.
std::vector<std::string> below(const Root& root, const std::string& directory,
                               const std::string& syspath) {
    std::vector<std::string> names;
    for (const std::string& name : base::list_directory(root.path(directory)))
        if (syspath_from_link(base::read_link(root.path(directory) + "/" + name).value_or(""))
                .starts_with(syspath + "/"))
            names.push_back(name);
    return names;
}

}  // namespace

std::vector<TargetPort> read_target_ports(const Root& root) {
    std::vector<TargetPort> ports;
    add_lio(root, ports);
    add_nvmet(root, ports);
    return ports;
}

std::vector<std::string> port_addresses(const Root& root, const std::string& syspath) {
    std::vector<std::string> addresses;
    const auto add = [&](const std::string& directory, const std::string& attribute) {
        const auto dir = base::Dir::open(root.path(directory));
        if (const auto text = dir ? dir->attr(attribute) : std::nullopt)
            addresses.push_back(digits_of(*text));
    };
    for (const std::string& host : below(root, "/sys/class/fc_host", syspath))
        add("/sys/class/fc_host/" + host, "port_name");
    for (const std::string& adapter : below(root, "/sys/class/infiniband", syspath)) {
        const std::string directory = "/sys/class/infiniband/" + adapter;
        add(directory, "node_guid");
        for (const std::string& port : base::list_directory(root.path(directory + "/ports"))) {
            const std::string gids = directory + "/ports/" + port;
            for (const std::string& gid : base::list_directory(root.path(gids + "/gids")))
                add(gids, "gids/" + gid);
        }
    }
    return addresses;
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/storage_sessions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/device_reader.hpp"

namespace sysfs {
namespace {

/// The value of `key` in "traddr=192.0.2.9,trsvcid=4420,src_addr=192.0.2.2" (nvmf_get_address()).
std::string address_part(const std::string& address, const std::string& key) {
    std::istringstream parts(address);
    for (std::string part; std::getline(parts, part, ',');) {
        if (part.starts_with(key + "="))
            return part.substr(key.size() + 1);
    }
    return {};
}

/// The adapter of NVMe over Fibre Channel, whose disks are below a virtual device: the SCSI host
/// with the port name of "host_traddr=nn-0x20000090fae0b5f5:pn-0x10000090fae0b5f5".
std::string fibre_channel_host(const Root& root, const std::string& address) {
    const std::string local = address_part(address, "host_traddr");
    const auto at = local.find("pn-");
    const std::string hosts = root.path("/sys/class/fc_host");
    for (const auto& name : base::list_directory(hosts)) {
        const auto host = base::Dir::open(hosts + "/" + name);
        if (at != std::string::npos && host && host->attr("port_name") == local.substr(at + 3))
            return syspath_from_link(base::read_link(hosts + "/" + name).value_or(""));
    }
    return {};
}

void add_nvme(const Root& root, std::vector<StorageSession>& sessions) {
    const std::string controllers = root.path("/sys/class/nvme");
    for (const auto& name : base::list_directory(controllers)) {
        const auto dir = base::Dir::open(controllers + "/" + name);
        const std::string transport = dir ? dir->attr("transport").value_or("") : "";
        const std::string address = dir ? dir->attr("address").value_or("") : "";
        StorageSession session{fmt::format("{} ({})", name, transport), "", name};
        if (transport == "tcp" || transport == "rdma") {
            session.peer = address_part(address, "traddr");
            // SO_BINDTODEVICE (nvme_tcp_alloc_queue()): no route decides.
            session.interface = address_part(address, "host_iface");
        } else if (transport == "fc")
            session.host = fibre_channel_host(root, address);
        else
            continue;
        sessions.push_back(std::move(session));
    }
}

/// The interface that a session of software iSCSI is bound to (iface.net_ifacename): its host has
/// "eth2", or no name of one.
std::string bound_interface(const Root& root, const std::string& connection) {
    std::istringstream path(base::read_link(connection).value_or(""));
    for (std::string part; std::getline(path, part, '/');) {
        const auto host = base::Dir::open(root.path("/sys/class/iscsi_host/" + part));
        const std::string name =
            part.starts_with("host") && host ? host->attr("netdev").value_or("") : "";
        if (!name.empty() && name.front() != '<' && name.front() != '(' && name != "default")
            return name;
    }
    return {};
}

void add_iscsi(const Root& root, std::vector<StorageSession>& sessions) {
    const std::string connections = root.path("/sys/class/iscsi_connection");
    for (const auto& name : base::list_directory(connections)) {
        const auto dir = base::Dir::open(connections + "/" + name);
        auto peer = dir ? dir->attr("address") : std::nullopt;
        if (dir && !peer)
            peer = dir->attr("persistent_address");
        // "connection1:0" is the first of "session1" (iscsi_create_conn()).
        constexpr std::string_view kStart = "connection";
        const std::string number = name.substr(std::min(kStart.size(), name.size()))
                                       .substr(0, name.find(':') - kStart.size());
        if (peer)
            sessions.push_back({"iSCSI " + name, *peer, "session" + number,
                                bound_interface(root, connections + "/" + name)});
    }
}

// AoE names its interfaces (aoedisk_show_netif()); how the others reach their servers is in no
// table.
void add_network_disks(const Root& root, std::vector<StorageSession>& sessions) {
    const std::string blocks = root.path("/sys/class/block");
    for (const auto& block : base::list_directory(blocks)) {
        std::istringstream interfaces(
            base::read_file(fmt::format("{}/{}/netif", blocks, block)).value_or(""));
        for (std::string each; std::getline(interfaces >> std::ws, each, ',');) {
            each.erase(each.find_last_not_of(" \n") + 1);
            sessions.push_back({block, "its server", block, each});
        }
        if (block.starts_with("nbd") || block.starts_with("rbd") || block.starts_with("drbd"))
            sessions.push_back({block, "", block});
    }
}

}  // namespace

std::vector<StorageSession> read_disk_sessions(const Root& root) {
    std::vector<StorageSession> sessions;
    add_nvme(root, sessions);
    add_iscsi(root, sessions);
    add_network_disks(root, sessions);
    return sessions;
}

}  // namespace sysfs

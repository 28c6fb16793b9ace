// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// Storage of the host on another machine, and one of the ways to it, if any is known: the address
/// of the peer, an interface, or a host adapter.
struct StorageSession {
    std::string name;              ///< "nvme1 (tcp)", "iSCSI connection1:0", "nfs4 on /srv"
    std::string peer;              ///< an address
    std::string disk_parent = {};  ///< what its disks are below in sysfs, or its disk: "session1"
    std::string interface = {};    ///< "eth0"
    std::string host = {};         ///< "/sys/devices/.../host2/fc_host/host2"

    [[nodiscard]] bool has_no_route() const {
        return peer.empty() && interface.empty() && host.empty();
    }
};

/// Of the disks of this host: NVMe over fabrics, iSCSI, AoE, nbd, rbd and drbd.
[[nodiscard]] std::vector<StorageSession> read_disk_sessions(const Root& root);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// A port that serves this host's disks to others: LIO's fabrics and nvmet over Fibre Channel.
struct TargetPort {
    std::string name;     ///< "LIO target 21:00:00:24:ff:3d:c4:b2"
    std::string address;  ///< digits of the port name or GID that it is of, in lower case
};
[[nodiscard]] std::vector<TargetPort> read_target_ports(const Root& root);

/// The addresses of the ports of Fibre Channel and InfiniBand below `syspath`, in the same form.
[[nodiscard]] std::vector<std::string> port_addresses(const Root& root, const std::string& syspath);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/usage/usage.hpp"

/// A made-up host below a temporary directory, as far as the use of devices goes: block devices
/// with what stands on them, interfaces, nodes, processes. Goes away with the object.
class UsageTree {
  public:
    UsageTree();
    ~UsageTree();
    UsageTree(const UsageTree&) = delete;
    UsageTree& operator=(const UsageTree&) = delete;

    [[nodiscard]] sysfs::Root root() const { return {directory_}; }
    [[nodiscard]] std::string path(const std::string& absolute) const {
        return directory_ + absolute;
    }

    UsageTree& file(const std::string& absolute, const std::string& text);
    UsageTree& link(const std::string& absolute, const std::string& target);

    /// A PCI device's directory; returns the value to ask about.
    sysfs::Device pci(const std::string& address);
    /// A disk or a partition at `syspath`, known to /sys/class/block.
    UsageTree& disk(const std::string& syspath, const std::string& number);
    UsageTree& partition(const std::string& syspath, const std::string& number);
    /// A dm or md device on the block device at `below`.
    UsageTree& holder(const std::string& name, const std::string& number, const std::string& below);
    /// Any other device with a node: its subsystem and the node's name.
    UsageTree& node(const std::string& syspath, const std::string& subsystem,
                    const std::string& number, const std::string& name);
    UsageTree& process(int pid, const std::string& name, const std::string& mountinfo = {},
                       const std::string& mount_namespace = {});
    UsageTree& open_file(int pid, int fd, const std::string& target);

    [[nodiscard]] std::vector<sysfs::Use> uses(const sysfs::Device& device) const;
    /// "mounted: nvme0n1p2 on /home", one a line, in read_usage()'s order.
    [[nodiscard]] std::string usage(const sysfs::Device& device) const;

  private:
    std::string directory_;
};

/// One line for each use.
[[nodiscard]] std::string use_lines(const std::vector<sysfs::Use>& uses);

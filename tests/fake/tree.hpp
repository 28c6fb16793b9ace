// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "sysfs/device/inventory.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/module/drivers.hpp"

namespace fake {

/// A host's files below a directory. Paths are absolute ("/sys/bus/pci"), parents are made. A
/// failed write ends the test.
class Tree {
  public:
    explicit Tree(std::string root) : root_(std::move(root)) {}

    Tree& dir(const std::string& path);
    /// Replaces an existing file.
    Tree& file(const std::string& path, std::string_view text, unsigned mode = 0644);
    /// A link to another path of the tree, relative as the kernel's are.
    Tree& link(const std::string& path, const std::string& target);
    Tree& remove(const std::string& path);

    [[nodiscard]] sysfs::Root root() const { return {root_}; }

  private:
    std::string root_;
    std::set<std::string> made_;
};

/// Writes a host below `dir` as the kernel, udev and depmod do: devices with all links in both
/// directions, drivers, IOMMU groups, modules with their aliases and states, /proc and /etc
/// files. Reading it again gives the same inventory and drivers.
Tree write_tree(const std::string& dir, const sysfs::Inventory& inventory,
                const sysfs::Drivers& drivers);

// Its parts.
void write_device(Tree& tree, const sysfs::Device& device);
void write_group(Tree& tree, const sysfs::Group& group);
void write_host(Tree& tree, const sysfs::Host& host);
void write_drivers(Tree& tree, const std::string& kernel, const sysfs::Drivers& drivers);

/// VPD with a name, a serial number and a valid checksum.
[[nodiscard]] std::string vpd_with_serial(const std::string& serial);

}  // namespace fake

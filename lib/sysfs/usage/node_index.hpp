// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Something of a checked device that a process can open or map.
struct NodeOwner {
    enum class NodeRole {
        kNode,  ///< a node in /dev
        kVfio,  ///< its group or its cdev
        kPeer,  ///< the cdev of another device of its group
        kFile,  ///< its registers or memory, with no driver between
    };

    UsageCheck* check;
    NodeRole role;
    std::string name;  ///< "/dev/dri/card0", "0000:01:00.0/resource0"
};

/// What processes can hold of the checked devices, by each key that /proc shows of it.
class NodeIndex {
  public:
    using Owners = std::vector<NodeOwner>;

    NodeIndex(const Root& root, const Inventory& inventory, std::span<UsageCheck> checks);

    [[nodiscard]] Owners find(const NodeNumber& number) const;
    /// By the name of a node, which is enough only where a node has no number: in a capture.
    [[nodiscard]] Owners find_node(std::string_view path) const;
    /// By the last component of a node's name.
    [[nodiscard]] Owners find_named(std::string_view name) const;
    /// A file of sysfs or of /proc/bus/pci.
    [[nodiscard]] Owners find_file(std::string_view path, std::uint64_t inode) const;
    /// The devices whose BARs have a part of this physical memory.
    [[nodiscard]] Owners find_memory(std::uint64_t address, std::uint64_t size) const;

  private:
    struct Memory {
        std::uint64_t first;
        std::uint64_t last;
        NodeOwner owner;
    };

    void add_nodes(UsageCheck& check);
    void add_peers(const Root& root, const Inventory& inventory, UsageCheck& check);
    void add_function(const Root& root, const std::string& dir, UsageCheck& check);
    void add_memory(const std::string& dir, UsageCheck& check);

    std::multimap<NodeNumber, NodeOwner> by_number_;
    std::multimap<std::string, NodeOwner, std::less<>> by_path_;  ///< nodes; functions' directories
    std::multimap<std::uint64_t, NodeOwner> by_inode_;
    std::vector<Memory> memory_;
};

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/device_subtree.hpp"
#include "sysfs/usage/mount_table.hpp"
#include "sysfs/usage/net_namespaces.hpp"
#include "sysfs/usage/net_tables.hpp"
#include "sysfs/usage/usage.hpp"

namespace sysfs {

/// One device about to be taken, and what was found out about it so far.
struct UsageCheck {
    DeviceSubtree subtree;
    std::vector<Use> uses;
    std::set<std::string> reported_disks;  ///< disks of the device that some use speaks of

    void add(UseKind kind, std::string text, std::string evidence) {
        uses.push_back({kind, std::move(text), std::move(evidence)});
    }
    void add(UseKind kind, const Block& block, std::string text, std::string evidence) {
        reported_disks.insert(subtree.disk_under(block));
        add(kind, std::move(text), std::move(evidence));
    }
};

/// The kinds of evidence, each in its own usage_*.cpp. What they share is read once for all
/// checks.
void find_mounts(const Root& root, std::span<const Mount> mounts, UsageCheck& check);
void find_swaps(const Root& root, std::span<const Swap> swaps, UsageCheck& check);
void find_holders(UsageCheck& check);
/// After the three above: what is on the disks that none of them told anything about.
void find_contents(const Root& root, UsageCheck& check);
void find_net(const NetTables& tables, UsageCheck& check);
void find_other_namespace_net(const OtherNetNamespace& net, UsageCheck& check);
/// Does traffic of interface `link` go through the device?
[[nodiscard]] bool passes_through(const NetTables& tables, const UsageCheck& check, int link);
void find_session(const Root& root, const NetTables& tables, std::span<UsageCheck> checks);
void find_open_nodes(const Root& root, std::span<UsageCheck> checks);
void find_console(const Root& root, UsageCheck& check);
void find_vfs(const Inventory& inventory, UsageCheck& check);

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sysfs/footprint.hpp"
#include "sysfs/mount_table.hpp"
#include "sysfs/net_namespaces.hpp"
#include "sysfs/net_tables.hpp"
#include "sysfs/root.hpp"
#include "sysfs/usage.hpp"

namespace sysfs {

/// One device about to be taken, and what was found out about it so far.
struct Suspect {
    Footprint footprint;
    std::vector<Use> uses;
    std::set<std::string> told;  ///< disks of the device that some use speaks of

    void add(UseKind kind, std::string text, std::string evidence) {
        uses.push_back({kind, std::move(text), std::move(evidence)});
    }
    void add(UseKind kind, const Block& block, std::string text, std::string evidence) {
        told.insert(footprint.disk_under(block));
        add(kind, std::move(text), std::move(evidence));
    }
};

/// The kinds of evidence, each in its own usage_*.cpp. What they share is read once for all
/// suspects.
void find_mounts(const Root& root, std::span<const Mount> mounts, Suspect& suspect);
void find_swaps(const Root& root, std::span<const Swap> swaps, Suspect& suspect);
void find_holders(Suspect& suspect);
/// After the three above: what is on the disks that none of them told anything about.
void find_contents(const Root& root, Suspect& suspect);
void find_net(const NetTables& tables, Suspect& suspect);
void find_foreign_net(const ForeignNet& net, Suspect& suspect);
/// Does traffic of interface `link` go through the device?
[[nodiscard]] bool carries(const NetTables& tables, const Suspect& suspect, int link);
void find_session(const Root& root, const NetTables& tables, std::span<Suspect> suspects);
void find_open_nodes(const Root& root, std::span<Suspect> suspects);
void find_console(const Root& root, Suspect& suspect);
void find_vfs(const Inventory& inventory, Suspect& suspect);

}  // namespace sysfs

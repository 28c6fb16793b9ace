// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sysfs/usage/device_subtree.hpp"
#include "sysfs/usage/essential_storage.hpp"
#include "sysfs/usage/usage.hpp"

namespace sysfs {

/// One device that is checked, and its uses found so far.
struct UsageCheck {
    DeviceSubtree subtree;
    std::vector<Use> uses;
    /// Block devices that some use speaks of, with all that they stand on.
    std::set<std::string> reported_blocks;
    const EssentialStorage* essential_storage = nullptr;  ///< where the device has disks
    std::map<std::string, std::string> mounted_at = {};   ///< mount points by block device

    void add(UseKind kind, std::string text, std::string evidence) {
        uses.push_back({kind, std::move(text), std::move(evidence)});
    }
    void add(UseKind kind, const Block& block, std::string text, std::string evidence) {
        note_reported(block);
        if (essential_storage != nullptr && essential_storage->contains(block))
            add_essential(kind, std::move(text), std::move(evidence));
        else
            add(kind, std::move(text), std::move(evidence));
    }
    void note_reported(const Block& block) {
        for (std::string name = block.name; !name.empty() && reported_blocks.insert(name).second;) {
            const auto at = std::find_if(subtree.blocks.begin(), subtree.blocks.end(),
                                         [&](const Block& each) { return each.name == name; });
            name = at == subtree.blocks.end() ? std::string() : at->below;
        }
    }
    void add_essential(UseKind kind, const std::string& text, std::string evidence) {
        uses.push_back({.kind = kind,
                        .text = "the running system needs it: " + text,
                        .evidence = std::move(evidence),
                        .essential = true});
    }
};

}  // namespace sysfs

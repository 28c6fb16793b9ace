// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <tuple>

#include "binding/mdev_desk.hpp"

namespace binding {
namespace {

using sysfs::Result;

bool fits(const MdevFilter& filter, const std::string& uuid, const std::string& parent) {
    return (!filter.uuid || *filter.uuid == uuid) && (!filter.parent || *filter.parent == parent);
}

MdevStore::Listing list_and_warn(MdevDesk& desk, const MdevFilter& filter) {
    auto listing = desk.store.list(filter);
    for (const std::string& warning : listing.warnings)
        desk.warn(warning);
    return listing;
}

/// Its definition says whether it starts by itself; its script, which attributes it has now.
ListedMdev listed(MdevDesk& desk, const sysfs::Device& device) {
    ListedMdev out{.definition = {.uuid = device.id.name,
                                  .parent = device.mdev->parent,
                                  .type = device.mdev->type,
                                  .start = MdevStart::kManual,
                                  .attrs = {}},
                   .active = true,
                   .defined = false};
    const auto defined = desk.store.list({.uuid = device.id.name, .parent = device.mdev->parent});
    if (!defined.definitions.empty())
        out.definition.start = defined.definitions.front().start;
    out.defined = desk.store.has(out.definition);
    if (auto attrs = desk.callouts.attributes(out.definition))
        out.definition.attrs = *std::move(attrs);
    // Without a script nobody can tell; the definition says what it got when it was started.
    if (out.definition.attrs.empty() && !defined.definitions.empty())
        out.definition.attrs = defined.definitions.front().attrs;
    return out;
}

}  // namespace

Result<std::vector<ListedMdev>> active_mdevs(MdevDesk& desk, const MdevFilter& filter) {
    const auto inventory = desk.kernel.inventory({});
    if (!inventory)
        return sysfs::propagate(inventory);
    std::vector<ListedMdev> out;
    for (const sysfs::Device& device : inventory->devices)
        if (device.mdev && fits(filter, device.id.name, device.mdev->parent))
            out.push_back(listed(desk, device));
    std::sort(out.begin(), out.end(), [](const ListedMdev& a, const ListedMdev& b) {
        return std::tie(a.definition.parent, a.definition.uuid) <
               std::tie(b.definition.parent, b.definition.uuid);
    });
    return out;
}

Result<std::vector<ListedMdev>> defined_mdevs(MdevDesk& desk, const MdevFilter& filter) {
    const auto inventory = desk.kernel.inventory({});
    if (!inventory)
        return sysfs::propagate(inventory);
    std::vector<ListedMdev> out;
    for (MdevDefinition& definition : list_and_warn(desk, filter).definitions) {
        const sysfs::Device* device = inventory->find({"mdev", definition.uuid});
        const bool active = device != nullptr && device->mdev &&
                            device->mdev->parent == definition.parent &&
                            device->mdev->type == definition.type;
        out.push_back({std::move(definition), active, true});
    }
    return out;
}

}  // namespace binding

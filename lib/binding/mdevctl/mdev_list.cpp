// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevctl/mdev_list.hpp"

#include <algorithm>
#include <tuple>

#include "base/try.hpp"

namespace binding {
namespace {

using base::Result;

bool matches(const MdevFilter& filter, const std::string& uuid, const std::string& parent) {
    return (!filter.uuid || *filter.uuid == uuid) && (!filter.parent || *filter.parent == parent);
}

MdevStore::Definitions list_and_warn(MdevContext& context, const MdevFilter& filter) {
    auto listing = context.store.list(filter);
    for (const std::string& warning : listing.warnings)
        context.warn(warning);
    return listing;
}

/// Its definition says whether it starts by itself; its script, which attributes it has now.
ListedMdev listed(MdevContext& context, const sysfs::Device& device) {
    ListedMdev out{.definition = {.uuid = device.id.name,
                                  .parent = device.mdev->parent,
                                  .type = device.mdev->type,
                                  .start = MdevStart::kManual,
                                  .attrs = {}},
                   .active = true,
                   .defined = false};
    const auto defined =
        context.store.list({.uuid = device.id.name, .parent = device.mdev->parent});
    if (!defined.definitions.empty())
        out.definition.start = defined.definitions.front().start;
    out.defined = context.store.has(out.definition);
    auto attrs = context.callouts.attributes(out.definition);
    if (attrs && *attrs)
        out.definition.attrs = **std::move(attrs);
    // Without a script its attributes are unknown; the definition has those it was started with.
    else if (attrs && !defined.definitions.empty())
        out.definition.attrs = defined.definitions.front().attrs;
    return out;
}

}  // namespace

Result<std::vector<ListedMdev>> active_mdevs(MdevContext& context, const MdevFilter& filter) {
    const auto inventory = TRY(context.kernel.inventory({}));
    std::vector<ListedMdev> out;
    for (const sysfs::Device& device : inventory.devices)
        if (device.mdev && matches(filter, device.id.name, device.mdev->parent))
            out.push_back(listed(context, device));
    std::sort(out.begin(), out.end(), [](const ListedMdev& a, const ListedMdev& b) {
        return std::tie(a.definition.parent, a.definition.uuid) <
               std::tie(b.definition.parent, b.definition.uuid);
    });
    return out;
}

Result<std::vector<ListedMdev>> defined_mdevs(MdevContext& context, const MdevFilter& filter) {
    const auto inventory = TRY(context.kernel.inventory({}));
    std::vector<ListedMdev> out;
    for (MdevDefinition& definition : list_and_warn(context, filter).definitions) {
        const sysfs::Device* device = inventory.find({"mdev", definition.uuid});
        const bool active = device != nullptr && device->mdev &&
                            device->mdev->parent == definition.parent &&
                            device->mdev->type == definition.type;
        out.push_back({std::move(definition), active, true});
    }
    return out;
}

}  // namespace binding

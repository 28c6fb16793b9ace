// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevctl/mdev_start.hpp"

#include <strings.h>
#include <algorithm>
#include <cerrno>

#include "base/try.hpp"
#include "policy/plan/driver_children.hpp"
#include "policy/plan/mdev_requests.hpp"
#include "policy/plan/plan_mdevs.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

using base::Code;
using base::Result;
using policy::Plan;
using policy::StepResult;
using policy::Transaction;
using sysfs::Device;
using sysfs::Inventory;

policy::MdevSpec to_mdev_spec(const MdevDefinition& mdev) {
    return {.uuid = mdev.uuid, .count = {}, .type = mdev.type, .attrs = mdev.attrs, .where = {}};
}

/// Parents' names are as the kernel spells them, and people do not always.
std::string parent_hint(const Inventory& inventory, const std::string& name) {
    for (const Device& device : inventory.devices)
        if (!device.mdev_parent_name.empty() &&
            ::strcasecmp(device.mdev_parent_name.c_str(), name.c_str()) == 0)
            return ". Did you mean '" + device.mdev_parent_name + "'?";
    return {};
}

/// The parent of the mdev, if the mdev can be created on it. A picture of the host may be older
/// than the mdevs.
Result<const Device*> usable_parent(MdevContext& context, const Inventory& inventory,
                                    const MdevDefinition& mdev) {
    const auto there = context.kernel.device({"mdev", mdev.uuid});
    if (there && there->mdev)
        return fail_mdev(Code::kBusy,
                         there->mdev->parent != mdev.parent ? "Device exists under different parent"
                         : there->mdev->type != mdev.type   ? "Device exists with different type"
                         : policy::has_lost_driver(*there)
                             ? "Device already exists, but " + std::string(policy::kLostDriver)
                             : "Device already exists");
    const Device* parent = policy::find_mdev_parent(inventory, mdev.parent);
    if (parent == nullptr)
        return fail_mdev(Code::kNotFound, "Unable to find parent device '" + mdev.parent + "'" +
                                              parent_hint(inventory, mdev.parent));
    const auto now = context.kernel.device(parent->id);
    const auto& types = now ? now->mdev_types : parent->mdev_types;
    const auto type = std::find_if(types.begin(), types.end(),
                                   [&](const auto& each) { return each.id == mdev.type; });
    if (type == types.end())
        return fail_mdev(Code::kNotFound,
                         "Parent " + mdev.parent + " does not support mdev type " + mdev.type);
    if (type->available == 0)
        return fail_mdev(Code::kBusy,
                         "No available instances of " + mdev.type + " on " + mdev.parent);
    return parent;
}

Result<void> apply_plan(MdevContext& context, Plan plan) {
    const auto done = TRY(
        context.execute ? context.execute(plan)
                        : apply(context.kernel, context.state, std::move(plan), context.options));
    const Transaction& transaction = done.transactions.front();
    if (transaction.result == StepResult::kDone)
        return {};
    const bool stuck = transaction.result == StepResult::kStuck;
    return fail_mdev(stuck ? Code::kTimeout : Code::kFailed, transaction.error);
}

Result<void> create(MdevContext& context, const MdevDefinition& mdev) {
    const auto inventory = TRY(context.kernel.inventory({}));
    const auto parent = TRY(usable_parent(context, inventory, mdev));
    policy::Change change;
    change.mdevs = {to_mdev_spec(mdev)};
    context.options.action = "mdev start";
    return apply_plan(context, {{policy::mdev_transaction(*parent, std::move(change), inventory)}});
}

Result<void> remove(MdevContext& context, const Inventory& inventory, const MdevDefinition& mdev) {
    const Device* parent = policy::find_mdev_parent(inventory, mdev.parent);
    if (parent == nullptr)
        return fail_mdev(Code::kNotFound, "Unable to find parent device '" + mdev.parent + "'");
    const sysfs::DeviceId id{"mdev", mdev.uuid};
    // What the daemon knows of other devices' users comes along.
    const sysfs::Usage usage = context.kernel.usage(inventory, std::span(&id, 1));
    if (const auto found = usage.find(id); found != usage.end() && !found->second.empty()) {
        const sysfs::Use& use = found->second.front();
        return fail_mdev(Code::kRefused, "Error removing device " + mdev.uuid + ": " +
                                             sysfs::use_kind_name(use.kind) + ": " + use.text +
                                             " (" + use.evidence + ")");
    }
    policy::Change change;
    change.mdevs_to_stop = {to_mdev_spec(mdev)};
    context.options.action = "mdev stop";
    return apply_plan(context, {{policy::mdev_transaction(*parent, std::move(change), inventory)}});
}

/// The definition that the words mean, or what they say themselves.
Result<MdevDefinition> start_definition(MdevContext& context, const MdevArguments& arguments) {
    const std::string uuid = arguments.uuid ? *arguments.uuid : new_uuid();
    if (arguments.json) {
        if (!arguments.parent)
            return fail_mdev(Code::kInvalid,
                             "Parent device required to start device via json file");
        return parse_mdev_definition(uuid, *arguments.parent, arguments.json->text);
    }
    if (arguments.uuid) {
        auto listing = context.store.list({.uuid = uuid, .parent = arguments.parent});
        for (const std::string& warning : listing.warnings)
            context.warn(warning);
        if (listing.definitions.size() > 1)
            return fail_mdev(Code::kInvalid, "Multiple definitions found for device " + uuid +
                                                 ". Please specify a parent.");
        if (!listing.definitions.empty()) {
            MdevDefinition& defined = listing.definitions.front();
            if (arguments.type && *arguments.type != defined.type)
                return fail_mdev(Code::kInvalid, "Device " + uuid + " already exists on parent " +
                                                     defined.parent + " with type " + defined.type);
            return std::move(defined);
        }
    }
    if (arguments.type && !arguments.parent)
        return fail_mdev(Code::kInvalid, "can't provide type without parent");
    if (!arguments.type || !arguments.parent)
        return fail_mdev(Code::kNotFound, "Device is insufficiently specified");
    return MdevDefinition{uuid, *arguments.parent, *arguments.type, MdevStart::kManual, {}};
}

Result<void> start(MdevContext& context, const MdevDefinition& mdev) {
    return context.callouts.run_with_callouts(MdevAction::kStart, mdev, context.force,
                                              [&] { return create(context, mdev); });
}

}  // namespace

Result<std::string> start_mdev(MdevContext& context, const MdevArguments& arguments) {
    const auto mdev = TRY(start_definition(context, arguments));
    TRY(start(context, mdev));
    return mdev.uuid;
}

Result<void> stop_mdev(MdevContext& context, const std::string& uuid) {
    const auto inventory = TRY(context.kernel.inventory({}));
    const auto device = context.kernel.device({"mdev", uuid});
    if (!device || !device->mdev) {
        auto absent = fail_mdev(Code::kNotFound, "Error removing device " + uuid);
        absent.value().errnum = ENOENT;
        return absent;
    }
    MdevDefinition mdev{uuid, device->mdev->parent, device->mdev->type, MdevStart::kManual, {}};
    return context.callouts.run_with_callouts(MdevAction::kStop, mdev, context.force,
                                              [&] { return remove(context, inventory, mdev); });
}

Result<void> start_parent_mdevs(MdevContext& context, const std::string& parent) {
    const auto listing = context.store.list({.uuid = {}, .parent = parent});
    for (const std::string& warning : listing.warnings)
        context.warn(warning);
    for (const MdevDefinition& mdev : listing.definitions) {
        if (mdev.start != MdevStart::kAuto || context.kernel.device({"mdev", mdev.uuid}))
            continue;
        if (auto started = start(context, mdev); !started)
            context.warn(mdev.uuid + ": " + started.error().text());
    }
    return {};
}

}  // namespace binding

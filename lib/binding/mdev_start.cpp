// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <strings.h>

#include <algorithm>

#include "binding/mdev_desk.hpp"
#include "policy/plan_steps.hpp"
#include "sysfs/names.hpp"

namespace binding {
namespace {

using policy::Plan;
using policy::StepResult;
using policy::Transaction;
using sysfs::Code;
using sysfs::Device;
using sysfs::fail;
using sysfs::Inventory;
using sysfs::Result;

tl::unexpected<sysfs::Error> unfit(Code code, std::string why) {
    return fail(code, {}, {}, std::move(why));
}

policy::MdevWish wish_of(const MdevDefinition& mdev) {
    return {.uuid = mdev.uuid, .count = {}, .type = mdev.type, .attrs = mdev.attrs, .where = {}};
}

const Device* find_parent(const Inventory& inventory, const std::string& name) {
    const auto& devices = inventory.devices;
    const auto found = std::find_if(devices.begin(), devices.end(), [&](const Device& device) {
        return device.mdev_parent_name == name;
    });
    return found == devices.end() ? nullptr : &*found;
}

/// Parents' names are as the kernel spells them, and people do not always.
std::string parent_hint(const Inventory& inventory, const std::string& name) {
    for (const Device& device : inventory.devices)
        if (!device.mdev_parent_name.empty() &&
            ::strcasecmp(device.mdev_parent_name.c_str(), name.c_str()) == 0)
            return ". Did you mean '" + device.mdev_parent_name + "'?";
    return {};
}

/// The device that the mdev is to be made on, when nothing stands against it.
Result<const Device*> usable_parent(const Inventory& inventory, const MdevDefinition& mdev) {
    const Device* there = inventory.find({"mdev", mdev.uuid});
    if (there != nullptr && there->mdev)
        return unfit(Code::kBusy, there->mdev->parent != mdev.parent
                                      ? "Device exists under different parent"
                                  : there->mdev->type != mdev.type
                                      ? "Device exists with different type"
                                      : "Device already exists");
    const Device* parent = find_parent(inventory, mdev.parent);
    if (parent == nullptr)
        return unfit(Code::kNotFound, "Unable to find parent device '" + mdev.parent + "'" +
                                          parent_hint(inventory, mdev.parent));
    const auto& types = parent->mdev_types;
    const auto type = std::find_if(types.begin(), types.end(),
                                   [&](const auto& each) { return each.id == mdev.type; });
    if (type == types.end())
        return unfit(Code::kNotFound,
                     "Parent " + mdev.parent + " does not support mdev type " + mdev.type);
    if (type->available == 0)
        return unfit(Code::kBusy,
                     "No available instances of " + mdev.type + " on " + mdev.parent);
    return parent;
}

Plan plan_of(const Device& parent, policy::Change change, const Inventory& inventory) {
    change.target = {parent.id, parent.identity()};
    change.from_driver = parent.driver;
    change.from_override = parent.driver_override;
    change.rule = "mdev";
    Transaction transaction;
    transaction.verdict = policy::Verdict::kChange;
    transaction.devices = {parent.id};
    transaction.changes.push_back(std::move(change));
    transaction.steps = policy::spell_out(transaction.changes, inventory);
    return {{std::move(transaction)}};
}

Result<void> carry_out(MdevDesk& desk, Plan plan) {
    const auto done = apply(desk.kernel, desk.state, std::move(plan), desk.options);
    if (!done)
        return sysfs::propagate(done);
    const Transaction& transaction = done->transactions.front();
    if (transaction.result == StepResult::kDone)
        return {};
    const bool stuck = transaction.result == StepResult::kStuck;
    return unfit(stuck ? Code::kTimeout : Code::kFailed, transaction.error);
}

Result<void> create(MdevDesk& desk, const MdevDefinition& mdev) {
    const auto inventory = desk.kernel.inventory({});
    if (!inventory)
        return sysfs::propagate(inventory);
    const auto parent = usable_parent(*inventory, mdev);
    if (!parent)
        return sysfs::propagate(parent);
    policy::Change change;
    change.mdevs = {wish_of(mdev)};
    desk.options.action = "mdev start";
    return carry_out(desk, plan_of(**parent, std::move(change), *inventory));
}

Result<void> remove(MdevDesk& desk, const Inventory& inventory, const MdevDefinition& mdev) {
    const Device* parent = find_parent(inventory, mdev.parent);
    if (parent == nullptr)
        return unfit(Code::kNotFound, "Unable to find parent device '" + mdev.parent + "'");
    const sysfs::DeviceId id{"mdev", mdev.uuid};
    const sysfs::Usage usage = desk.kernel.usage(inventory, std::span(&id, 1));
    for (const auto& [device, uses] : usage)
        for (const sysfs::Use& use : uses)
            if (use.kind == sysfs::UseKind::kVfioOpen)
                return unfit(Code::kRefused, "Error removing device " + mdev.uuid + ": vfio-open: " +
                                                 use.text + " (" + use.evidence + ")");
    policy::Change change;
    change.mdevs_to_stop = {wish_of(mdev)};
    desk.options.action = "mdev stop";
    return carry_out(desk, plan_of(*parent, std::move(change), inventory));
}

/// The definition that the words mean, or what they say themselves.
Result<MdevDefinition> start_wish(MdevDesk& desk, const MdevWords& words) {
    const std::string uuid = words.uuid ? *words.uuid : new_uuid();
    if (words.json) {
        if (!words.parent)
            return unfit(Code::kInvalid, "Parent device required to start device via json file");
        return parse_mdev_definition(uuid, *words.parent, words.json->text);
    }
    if (words.uuid) {
        auto listing = desk.store.list({.uuid = uuid, .parent = words.parent});
        for (const std::string& warning : listing.warnings)
            desk.warn(warning);
        if (listing.definitions.size() > 1)
            return unfit(Code::kInvalid, "Multiple definitions found for device " + uuid +
                                             ". Please specify a parent.");
        if (!listing.definitions.empty()) {
            MdevDefinition& defined = listing.definitions.front();
            if (words.type && *words.type != defined.type)
                return unfit(Code::kInvalid, "Device " + uuid + " already exists on parent " +
                                                 defined.parent + " with type " + defined.type);
            return std::move(defined);
        }
    }
    if (words.type && !words.parent)
        return unfit(Code::kInvalid, "can't provide type without parent");
    if (!words.type || !words.parent)
        return unfit(Code::kNotFound, "Device is insufficiently specified");
    return MdevDefinition{uuid, *words.parent, *words.type, MdevStart::kManual, {}};
}

Result<void> start(MdevDesk& desk, const MdevDefinition& mdev) {
    return desk.callouts.around(MdevAction::kStart, mdev, desk.force,
                                [&] { return create(desk, mdev); });
}

}  // namespace

Result<std::string> start_mdev(MdevDesk& desk, const MdevWords& words) {
    const auto mdev = start_wish(desk, words);
    if (!mdev)
        return sysfs::propagate(mdev);
    if (auto started = start(desk, *mdev); !started)
        return sysfs::propagate(started);
    return mdev->uuid;
}

Result<void> stop_mdev(MdevDesk& desk, const std::string& uuid) {
    const auto inventory = desk.kernel.inventory({});
    if (!inventory)
        return sysfs::propagate(inventory);
    const Device* device = inventory->find({"mdev", uuid});
    if (device == nullptr || !device->mdev) {
        auto absent = unfit(Code::kNotFound, "Error removing device " + uuid);
        absent.value().errnum = ENOENT;
        return absent;
    }
    MdevDefinition mdev{uuid, device->mdev->parent, device->mdev->type, MdevStart::kManual, {}};
    return desk.callouts.around(MdevAction::kStop, mdev, desk.force,
                                [&] { return remove(desk, *inventory, mdev); });
}

Result<void> start_parent_mdevs(MdevDesk& desk, const std::string& parent) {
    const auto listing = desk.store.list({.uuid = {}, .parent = parent});
    for (const std::string& warning : listing.warnings)
        desk.warn(warning);
    for (const MdevDefinition& mdev : listing.definitions) {
        if (mdev.start != MdevStart::kAuto || desk.kernel.device({"mdev", mdev.uuid}))
            continue;
        if (auto started = start(desk, mdev); !started)
            desk.warn(mdev.uuid + ": " + started.error().text());
    }
    return {};
}

}  // namespace binding

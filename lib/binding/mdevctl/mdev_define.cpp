// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevctl/mdev_define.hpp"

#include <cerrno>

#include "base/try.hpp"
#include "binding/mdevctl/mdev_list.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

using base::Code;
using base::Result;

/// What runs under this UUID now; only its UUID when nothing does.
Result<ListedMdev> find_active(MdevContext& context, const std::string& uuid) {
    const auto inventory = TRY(context.kernel.inventory({}));
    ListedMdev out;
    out.definition.uuid = uuid;
    const sysfs::Device* device = inventory.find({"mdev", uuid});
    if (device != nullptr && device->mdev) {
        out.active = true;
        out.definition.parent = device->mdev->parent;
        out.definition.type = device->mdev->type;
    }
    return out;
}

Result<void> checked(const MdevDefinition& definition) {
    if (definition.parent.empty())
        return fail_mdev(Code::kInvalid, "No parent specified");
    if (definition.type.empty())
        return fail_mdev(Code::kInvalid, "No type specified");
    if (!sysfs::parse_device_name(definition.parent))
        return fail_mdev(Code::kInvalid, "'" + definition.parent + "' is no parent's name");
    if (!sysfs::parse_mdev_type(definition.type))
        return fail_mdev(Code::kInvalid, "'" + definition.type + "' is no type's name");
    return {};
}

Result<ListedMdev> from_json(MdevContext& context, const MdevArguments& arguments,
                             const std::string& uuid) {
    if (!arguments.parent)
        return fail_mdev(Code::kInvalid, "Parent device required to define device via \"" +
                                             arguments.json->name + "\"");
    if (!context.store.list({.uuid = uuid, .parent = arguments.parent}).definitions.empty())
        return fail_mdev(Code::kFailed, "Cowardly refusing to overwrite existing config for " +
                                            *arguments.parent + "/" + uuid);
    auto parsed = TRY(parse_mdev_definition(uuid, *arguments.parent, arguments.json->text));
    TRY(checked(parsed));
    return ListedMdev{std::move(parsed), false, false};
}

Result<ListedMdev> from_arguments(MdevContext& context, const MdevArguments& arguments,
                                  const std::string& uuid) {
    ListedMdev mdev;
    mdev.definition.uuid = uuid;
    if (arguments.uuid) {
        auto there = find_active(context, uuid);
        if (!there)
            return there;
        mdev = *std::move(there);
        if (!arguments.parent && (!mdev.active || arguments.type))
            return fail_mdev(Code::kInvalid, "No parent specified");
    }
    mdev.definition.start = arguments.start.value_or(MdevStart::kManual);
    if (arguments.parent)
        mdev.definition.parent = *arguments.parent;
    if (arguments.type)
        mdev.definition.type = *arguments.type;
    TRY(checked(mdev.definition));
    if (context.store.has(mdev.definition))
        return fail_mdev(Code::kFailed,
                         "Device " + uuid + " on " + mdev.definition.parent + " already defined");
    return mdev;
}

std::string attribute_error(std::size_t index) {
    return "Attribute index " + std::to_string(index) + " is invalid";
}

Result<void> edit_attrs(MdevAttrs& attrs, const AttrEdit& edit) {
    const auto at = [&](std::size_t index) {
        return attrs.begin() + static_cast<MdevAttrs::difference_type>(index);
    };
    switch (edit.kind) {
        case AttrEdit::EditKind::kNothing:
            return {};
        case AttrEdit::EditKind::kAdd:
            if (!sysfs::parse_attr_name(edit.name))
                return fail_mdev(Code::kInvalid, "invalid attribute name '" + edit.name + "'");
            if (edit.index.value_or(0) > attrs.size())
                return fail_mdev(Code::kInvalid, attribute_error(*edit.index));
            attrs.insert(at(edit.index.value_or(attrs.size())), {edit.name, edit.value});
            return {};
        case AttrEdit::EditKind::kDelete:
            if (edit.index && *edit.index >= attrs.size())
                return fail_mdev(Code::kInvalid, attribute_error(*edit.index));
            if (!attrs.empty())
                attrs.erase(at(edit.index.value_or(attrs.size() - 1)));
            return {};
    }
    return {};
}

Result<MdevDefinition> find_definition(MdevContext& context, const MdevFilter& filter) {
    auto listing = context.store.list(filter);
    for (const std::string& warning : listing.warnings)
        context.warn(warning);
    const std::string name = (filter.parent ? *filter.parent + "/" : "") + filter.uuid.value_or("");
    if (listing.definitions.empty())
        return fail_mdev(Code::kNotFound, "Mediated device " + name + " is not defined");
    if (listing.definitions.size() > 1)
        return fail_mdev(Code::kInvalid,
                         "Multiple definitions found for " + name + ", specify a parent");
    return std::move(listing.definitions.front());
}

Result<MdevDefinition> modified_definition(MdevContext& context, const MdevArguments& arguments,
                                           const AttrEdit& edit) {
    if (arguments.json && !arguments.parent)
        return fail_mdev(Code::kInvalid, "Parent device required to modify device via json file");
    auto mdev =
        arguments.json
            ? parse_mdev_definition(*arguments.uuid, *arguments.parent, arguments.json->text)
            : find_definition(context, {.uuid = arguments.uuid, .parent = arguments.parent});
    if (!mdev)
        return mdev;
    if (arguments.type)
        mdev->type = *arguments.type;
    if (arguments.start)
        mdev->start = *arguments.start;
    TRY(checked(*mdev));
    TRY(edit_attrs(mdev->attrs, edit));
    return mdev;
}

/// What a live modification asks for, of a device that runs.
Result<MdevDefinition> live_definition(MdevContext& context, const MdevArguments& arguments) {
    if (arguments.type)
        return fail_mdev(Code::kInvalid, "'type' cannot be changed on active mdev");
    if (arguments.start)
        return fail_mdev(Code::kInvalid, *arguments.start == MdevStart::kAuto
                                             ? "'auto' cannot be changed on active mdev"
                                             : "'manual' cannot be changed on active mdev");
    const auto there = find_active(context, arguments.uuid.value_or(""));
    if (!there)
        return base::propagate(there);
    const MdevDefinition& active = there->definition;
    if (!there->active || (arguments.parent && *arguments.parent != active.parent))
        return fail_mdev(Code::kNotFound, "Mediated device " +
                                              (arguments.parent ? *arguments.parent + "/" : "") +
                                              active.uuid + " is not active");
    if (!arguments.json)
        return fail_mdev(Code::kInvalid, "'live' option must be used with 'jsonfile' option");
    auto definition = parse_mdev_definition(active.uuid, active.parent, arguments.json->text);
    if (definition && definition->type != active.type)
        return fail_mdev(Code::kInvalid, "'type' cannot be changed on active mdev");
    return definition;
}

Result<void> store(MdevContext& context, const MdevDefinition& mdev) {
    return context.callouts.run_with_callouts(MdevAction::kModify, mdev, context.force,
                                              [&] { return context.store.write(mdev); });
}

}  // namespace

Result<std::string> define_mdev(MdevContext& context, const MdevArguments& arguments) {
    const std::string uuid = arguments.uuid ? *arguments.uuid : new_uuid();
    auto mdev = arguments.json ? from_json(context, arguments, uuid)
                               : from_arguments(context, arguments, uuid);
    if (!mdev)
        return base::propagate(mdev);
    MdevDefinition& definition = mdev->definition;
    const auto done = context.callouts.run_with_callouts(
        MdevAction::kDefine, definition, context.force, [&]() -> Result<void> {
            if (mdev->active) {
                auto attrs = TRY(context.callouts.attributes(definition));
                definition.attrs = std::move(attrs).value_or(MdevAttrs{});
            }
            return context.store.write(definition);
        });
    if (!done)
        return base::propagate(done);
    return uuid;
}

Result<void> undefine_mdev(MdevContext& context, const MdevFilter& which) {
    const auto listing = context.store.list(which);
    for (const std::string& warning : listing.warnings)
        context.warn(warning);
    if (listing.definitions.empty())
        return fail_mdev(Code::kNotFound, "No devices match the specified uuid");
    bool failed = false;
    for (const MdevDefinition& mdev : listing.definitions) {
        const auto done = context.callouts.run_with_callouts(
            MdevAction::kUndefine, mdev, context.force, [&] { return context.store.remove(mdev); });
        if (done)
            continue;
        failed = true;
        context.warn("Undefine of " + mdev.uuid + " on parent " + mdev.parent +
                     " failed with error: " + done.error().text());
    }
    return failed ? fail_mdev(Code::kFailed, "Undefine failed") : Result<void>();
}

Result<void> modify_mdev(MdevContext& context, const MdevArguments& arguments, const AttrEdit& edit,
                         ModifyTarget target) {
    if (target == ModifyTarget::kDefinition) {
        const auto mdev = modified_definition(context, arguments, edit);
        return mdev ? store(context, *mdev) : base::propagate(mdev);
    }
    const auto live = TRY(live_definition(context, arguments));
    if (target == ModifyTarget::kLive)
        return context.callouts.live(live);
    const auto defined = TRY(find_definition(context, {.uuid = live.uuid, .parent = live.parent}));
    if (defined.type != live.type)
        return fail_mdev(Code::kInvalid, "'type' of active and defined mdev does not match");
    TRY(context.callouts.live(live));
    return store(context, live);
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "binding/mdev_desk.hpp"
#include "sysfs/names.hpp"

namespace binding {
namespace {

using sysfs::Code;
using sysfs::fail;
using sysfs::Result;

tl::unexpected<sysfs::Error> wrong(Code code, std::string why) {
    return fail(code, {}, {}, std::move(why));
}

/// What runs under this UUID now; only its UUID when nothing does.
Result<ListedMdev> running(MdevDesk& desk, const std::string& uuid) {
    const auto inventory = desk.kernel.inventory({});
    if (!inventory)
        return sysfs::propagate(inventory);
    ListedMdev out;
    out.definition.uuid = uuid;
    const sysfs::Device* device = inventory->find({"mdev", uuid});
    if (device != nullptr && device->mdev) {
        out.active = true;
        out.definition.parent = device->mdev->parent;
        out.definition.type = device->mdev->type;
    }
    return out;
}

Result<void> checked(const MdevDefinition& definition) {
    if (definition.parent.empty())
        return wrong(Code::kInvalid, "No parent specified");
    if (definition.type.empty())
        return wrong(Code::kInvalid, "No type specified");
    if (!sysfs::parse_device_name(definition.parent))
        return wrong(Code::kInvalid, "'" + definition.parent + "' is no parent's name");
    if (!sysfs::parse_mdev_type(definition.type))
        return wrong(Code::kInvalid, "'" + definition.type + "' is no type's name");
    return {};
}

Result<ListedMdev> from_json(MdevDesk& desk, const MdevWords& words, const std::string& uuid) {
    if (!words.parent)
        return wrong(Code::kInvalid,
                     "Parent device required to define device via \"" + words.json->name + "\"");
    if (!desk.store.list({.uuid = uuid, .parent = words.parent}).definitions.empty())
        return wrong(Code::kFailed, "Cowardly refusing to overwrite existing config for " +
                                        *words.parent + "/" + uuid);
    auto parsed = parse_mdev_definition(uuid, *words.parent, words.json->text);
    if (!parsed)
        return sysfs::propagate(parsed);
    if (auto good = checked(*parsed); !good)
        return sysfs::propagate(good);
    return ListedMdev{*std::move(parsed), false, false};
}

Result<ListedMdev> from_words(MdevDesk& desk, const MdevWords& words, const std::string& uuid) {
    ListedMdev mdev;
    mdev.definition.uuid = uuid;
    if (words.uuid) {
        auto there = running(desk, uuid);
        if (!there)
            return there;
        mdev = *std::move(there);
        if (!words.parent && (!mdev.active || words.type))
            return wrong(Code::kInvalid, "No parent specified");
    }
    mdev.definition.start = words.start.value_or(MdevStart::kManual);
    if (words.parent)
        mdev.definition.parent = *words.parent;
    if (words.type)
        mdev.definition.type = *words.type;
    if (auto good = checked(mdev.definition); !good)
        return sysfs::propagate(good);
    if (desk.store.has(mdev.definition))
        return wrong(Code::kFailed, "Device " + uuid + " on " + mdev.definition.parent +
                                        " already defined");
    return mdev;
}

std::string attribute_error(std::size_t index) {
    return "Attribute index " + std::to_string(index) + " is invalid";
}

Result<void> edit_attrs(MdevAttrs& attrs, const AttrEdit& edit) {
    const auto at = [&](std::size_t index) {
        return attrs.begin() + static_cast<MdevAttrs::difference_type>(index);
    };
    switch (edit.what) {
        case AttrEdit::What::kNothing:
            return {};
        case AttrEdit::What::kAdd:
            if (!sysfs::parse_attr_name(edit.name))
                return wrong(Code::kInvalid, "invalid attribute name '" + edit.name + "'");
            if (edit.index.value_or(0) > attrs.size())
                return wrong(Code::kInvalid, attribute_error(*edit.index));
            attrs.insert(at(edit.index.value_or(attrs.size())), {edit.name, edit.value});
            return {};
        case AttrEdit::What::kDelete:
            if (edit.index && *edit.index >= attrs.size())
                return wrong(Code::kInvalid, attribute_error(*edit.index));
            if (!attrs.empty())
                attrs.erase(at(edit.index.value_or(attrs.size() - 1)));
            return {};
    }
    return {};
}

Result<MdevDefinition> the_defined(MdevDesk& desk, const MdevFilter& filter) {
    auto listing = desk.store.list(filter);
    for (const std::string& warning : listing.warnings)
        desk.warn(warning);
    const std::string name = (filter.parent ? *filter.parent + "/" : "") + filter.uuid.value_or("");
    if (listing.definitions.empty())
        return wrong(Code::kNotFound, "Mediated device " + name + " is not defined");
    if (listing.definitions.size() > 1)
        return wrong(Code::kInvalid,
                     "Multiple definitions found for " + name + ", specify a parent");
    return std::move(listing.definitions.front());
}

Result<MdevDefinition> modified_definition(MdevDesk& desk, const MdevWords& words,
                                           const AttrEdit& edit) {
    if (words.json && !words.parent)
        return wrong(Code::kInvalid, "Parent device required to modify device via json file");
    auto mdev = words.json ? parse_mdev_definition(*words.uuid, *words.parent, words.json->text)
                           : the_defined(desk, {.uuid = words.uuid, .parent = words.parent});
    if (!mdev)
        return mdev;
    if (words.type)
        mdev->type = *words.type;
    if (words.start)
        mdev->start = *words.start;
    if (auto good = checked(*mdev); !good)
        return sysfs::propagate(good);
    if (auto edited = edit_attrs(mdev->attrs, edit); !edited)
        return sysfs::propagate(edited);
    return mdev;
}

/// What a live modification asks for, of a device that runs.
Result<MdevDefinition> live_wish(MdevDesk& desk, const MdevWords& words) {
    if (words.type)
        return wrong(Code::kInvalid, "'type' cannot be changed on active mdev");
    if (words.start)
        return wrong(Code::kInvalid, *words.start == MdevStart::kAuto
                                         ? "'auto' cannot be changed on active mdev"
                                         : "'manual' cannot be changed on active mdev");
    const auto there = running(desk, words.uuid.value_or(""));
    if (!there)
        return sysfs::propagate(there);
    const MdevDefinition& active = there->definition;
    if (!there->active || (words.parent && *words.parent != active.parent))
        return wrong(Code::kNotFound, "Mediated device " + (words.parent ? *words.parent + "/" : "") +
                                          active.uuid + " is not active");
    if (!words.json)
        return wrong(Code::kInvalid, "'live' option must be used with 'jsonfile' option");
    auto wish = parse_mdev_definition(active.uuid, active.parent, words.json->text);
    if (wish && wish->type != active.type)
        return wrong(Code::kInvalid, "'type' cannot be changed on active mdev");
    return wish;
}

Result<void> store(MdevDesk& desk, const MdevDefinition& mdev) {
    return desk.callouts.around(MdevAction::kModify, mdev, desk.force,
                                [&] { return desk.store.write(mdev); });
}

}  // namespace

Result<std::string> define_mdev(MdevDesk& desk, const MdevWords& words) {
    const std::string uuid = words.uuid ? *words.uuid : new_uuid();
    auto mdev = words.json ? from_json(desk, words, uuid) : from_words(desk, words, uuid);
    if (!mdev)
        return sysfs::propagate(mdev);
    MdevDefinition& definition = mdev->definition;
    const auto done =
        desk.callouts.around(MdevAction::kDefine, definition, desk.force, [&]() -> Result<void> {
            if (mdev->active) {
                auto attrs = desk.callouts.attributes(definition);
                if (!attrs)
                    return sysfs::propagate(attrs);
                definition.attrs = *std::move(attrs);
            }
            return desk.store.write(definition);
        });
    if (!done)
        return sysfs::propagate(done);
    return uuid;
}

Result<void> undefine_mdev(MdevDesk& desk, const MdevFilter& which) {
    const auto listing = desk.store.list(which);
    for (const std::string& warning : listing.warnings)
        desk.warn(warning);
    if (listing.definitions.empty())
        return wrong(Code::kNotFound, "No devices match the specified uuid");
    bool failed = false;
    for (const MdevDefinition& mdev : listing.definitions) {
        const auto done = desk.callouts.around(MdevAction::kUndefine, mdev, desk.force,
                                               [&] { return desk.store.remove(mdev); });
        if (done)
            continue;
        failed = true;
        desk.warn("Undefine of " + mdev.uuid + " on parent " + mdev.parent +
                  " failed with error: " + done.error().text());
    }
    return failed ? wrong(Code::kFailed, "Undefine failed") : Result<void>();
}

Result<void> modify_mdev(MdevDesk& desk, const MdevWords& words, const AttrEdit& edit,
                         ModifyWhat what) {
    if (what == ModifyWhat::kDefinition) {
        const auto mdev = modified_definition(desk, words, edit);
        return mdev ? store(desk, *mdev) : sysfs::propagate(mdev);
    }
    const auto wish = live_wish(desk, words);
    if (!wish)
        return sysfs::propagate(wish);
    if (what == ModifyWhat::kLive)
        return desk.callouts.live(*wish);
    const auto defined = the_defined(desk, {.uuid = wish->uuid, .parent = wish->parent});
    if (!defined)
        return sysfs::propagate(defined);
    if (defined->type != wish->type)
        return wrong(Code::kInvalid, "'type' of active and defined mdev does not match");
    if (auto done = desk.callouts.live(*wish); !done)
        return done;
    return store(desk, *wish);
}

}  // namespace binding

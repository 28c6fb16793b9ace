// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevs.hpp"

namespace binding {
namespace {

using sysfs::Code;
using sysfs::fail;
using sysfs::Result;

constexpr Milliseconds kParentAppears{1000};

/// A css subchannel becomes a parent a moment after vfio_ccw has it.
Result<std::string> parent_name(Writer& writer, const sysfs::DeviceId& id) {
    std::string name;
    const auto offers_types = [&] {
        const auto now = writer.kernel().device(id);
        name = now ? now->mdev_parent_name : std::string();
        return !name.empty();
    };
    if (offers_types() || writer.wait_for(kParentAppears, "wait for the mdev types of " + id.display(),
                                          offers_types))
        return name;
    return fail(Code::kUnsupported, "create mdev", id.display(), "is no mdev parent");
}

Result<void> write_attrs(Writer& writer, const std::string& uuid, const policy::MdevWish& wish) {
    if (wish.attrs.empty())
        return {};
    const auto mdev = writer.kernel().device({"mdev", uuid});
    if (!mdev)
        return sysfs::propagate(mdev);
    const sysfs::Target target{mdev->id, mdev->identity()};
    for (const auto& [name, value] : wish.attrs)
        if (auto written = writer.write_attr(target, name, value, {}); !written)
            return written;
    return {};
}

Result<void> make_one(Writer& writer, const sysfs::DeviceId& parent, const std::string& name,
                      const policy::MdevWish& wish) {
    const std::string uuid = wish.uuid.value_or("");
    const auto there = writer.kernel().device({"mdev", uuid});
    if (there && there->mdev && there->mdev->parent == name && there->mdev->type == wish.type)
        return {};
    if (there)
        return fail(Code::kBusy, "create mdev", uuid, "exists already, on another parent or type");
    if (auto made = writer.create_mdev(parent, name, wish.type, uuid); !made)
        return made;
    return write_attrs(writer, uuid, wish);
}

}  // namespace

Result<void> make_mdevs(Writer& writer, const sysfs::DeviceId& parent,
                        const std::vector<policy::MdevWish>& wishes) {
    if (wishes.empty())
        return {};
    const auto name = parent_name(writer, parent);
    if (!name)
        return sysfs::propagate(name);
    for (const policy::MdevWish& wish : wishes)
        if (auto made = make_one(writer, parent, *name, wish); !made)
            return made;
    return {};
}

Result<void> stop_mdevs(Writer& writer, const sysfs::DeviceId& parent,
                        const std::vector<policy::MdevWish>& mdevs) {
    for (const policy::MdevWish& mdev : mdevs) {
        const std::string uuid = mdev.uuid.value_or("");
        if (!writer.kernel().device({"mdev", uuid}))
            continue;
        if (auto removed = writer.remove_mdev(parent, mdev.type, uuid); !removed)
            return removed;
    }
    return {};
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevs.hpp"

#include "sysfs/vgpu.hpp"

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

/// The attribute's text is the truth about it, not the success of the write.
Result<void> make_vgpu(Writer& writer, const sysfs::DeviceId& id, const policy::MdevWish& wish) {
    const auto vf = writer.kernel().device(id);
    if (!vf)
        return sysfs::propagate(vf);
    if (!vf->vgpu)
        return fail(Code::kUnsupported, "make a virtual GPU", id.display(), "its driver offers none");
    if (vf->vgpu->type == wish.type)
        return {};
    if (!vf->vgpu->type.empty())
        return fail(Code::kBusy, "make a virtual GPU", id.display(), "is of type " + vf->vgpu->type + " already");
    const sysfs::Target target{id, vf->identity()};
    if (auto written = writer.write_attr(target, std::string(sysfs::kVgpuTypeAttr),
                                         sysfs::vgpu_number(wish.type).value_or(""), std::string(sysfs::kNoVgpu));
        !written)
        return written;
    const auto now = writer.kernel().device(id);
    if (!now || !now->vgpu || now->vgpu->type != wish.type)
        return fail(Code::kFailed, "make a virtual GPU", id.display(), "did not become " + wish.type);
    for (const auto& [name, value] : wish.attrs)
        if (auto written = writer.write_attr(target, name, value, {}); !written)
            return written;
    return {};
}

}  // namespace

Result<void> make_mdevs(Writer& writer, const sysfs::DeviceId& parent,
                        const std::vector<policy::MdevWish>& wishes) {
    if (wishes.empty())
        return {};
    if (!wishes.front().uuid)
        return make_vgpu(writer, parent, wishes.front());
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

Result<void> take_vgpu(Writer& writer, const sysfs::Target& vf, const Made& made) {
    const std::string attr(sysfs::kVgpuTypeAttr);
    const auto now = writer.kernel().device(vf.id);
    const auto number = now && now->vgpu ? sysfs::vgpu_number(now->vgpu->type) : std::nullopt;
    if (!number || made.value != attr + "=" + *number)
        return {};
    return writer.write_attr(vf, attr, made.before.substr(attr.size() + 1), *number);
}

}  // namespace binding

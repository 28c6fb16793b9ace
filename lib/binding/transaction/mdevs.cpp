// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/mdevs.hpp"

#include "base/try.hpp"
#include "sysfs/device/vgpu.hpp"

namespace binding {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr Milliseconds kParentAppears{1000};

/// A css subchannel becomes a parent a moment after vfio_ccw has it.
Result<std::string> parent_name(JournaledKernel& journaled, const sysfs::DeviceId& id) {
    std::string name;
    const auto offers_types = [&] {
        const auto now = journaled.kernel().device(id);
        name = now ? now->mdev_parent_name : std::string();
        return !name.empty();
    };
    if (offers_types() ||
        journaled.wait_for(kParentAppears, "wait for the mdev types of " + id.display(),
                           offers_types))
        return name;
    return fail(Code::kUnsupported, "create mdev", id.display(), "is no mdev parent");
}

Result<void> write_attrs(JournaledKernel& journaled, const std::string& uuid,
                         const policy::MdevSpec& spec) {
    if (spec.attrs.empty())
        return {};
    const auto mdev = TRY(journaled.kernel().device({"mdev", uuid}));
    const sysfs::DeviceTarget target{mdev.id, mdev.identity()};
    for (const auto& [name, value] : spec.attrs)
        TRY(journaled.write_attr(target, name, value, {}));
    return {};
}

Result<void> create_one(JournaledKernel& journaled, const sysfs::DeviceId& parent,
                        const std::string& name, const policy::MdevSpec& spec) {
    const std::string uuid = spec.uuid.value_or("");
    const auto there = journaled.kernel().device({"mdev", uuid});
    if (there && there->mdev && there->mdev->parent == name && there->mdev->type == spec.type)
        return {};
    if (there)
        return fail(Code::kBusy, "create mdev", uuid, "exists already, on another parent or type");
    return create_mdev(journaled, parent, name, spec);
}

/// Checked by reading the attribute, not by the success of the write.
Result<void> create_vgpu(JournaledKernel& journaled, const sysfs::DeviceId& id,
                         const policy::MdevSpec& spec) {
    const auto vf = journaled.kernel().device(id);
    if (!vf)
        return base::propagate(vf);
    if (!vf->vgpu)
        return fail(Code::kUnsupported, "make a virtual GPU", id.display(),
                    "its driver offers none");
    if (vf->vgpu->type == spec.type)
        return {};
    if (!vf->vgpu->type.empty())
        return fail(Code::kBusy, "make a virtual GPU", id.display(),
                    "is of type " + vf->vgpu->type + " already");
    const sysfs::DeviceTarget target{id, vf->identity()};
    TRY(journaled.write_attr(target, std::string(sysfs::kVgpuTypeAttr),
                             sysfs::parse_vgpu_type(spec.type).value_or(""),
                             std::string(sysfs::kNoVgpu)));
    const auto now = journaled.kernel().device(id);
    if (!now || !now->vgpu || now->vgpu->type != spec.type)
        return fail(Code::kFailed, "make a virtual GPU", id.display(),
                    "did not become " + spec.type);
    for (const auto& [name, value] : spec.attrs)
        TRY(journaled.write_attr(target, name, value, {}));
    return {};
}

}  // namespace

Result<void> create_mdev(JournaledKernel& journaled, const sysfs::DeviceId& parent,
                         const std::string& parent_name, const policy::MdevSpec& spec) {
    TRY(journaled.create_mdev(parent, parent_name, spec));
    return write_attrs(journaled, spec.uuid.value_or(""), spec);
}

Result<void> create_mdevs(JournaledKernel& journaled, const sysfs::DeviceId& parent,
                          const std::vector<policy::MdevSpec>& specs) {
    if (specs.empty())
        return {};
    if (!specs.front().uuid)
        return create_vgpu(journaled, parent, specs.front());
    const auto name = TRY(parent_name(journaled, parent));
    for (const policy::MdevSpec& spec : specs)
        TRY(create_one(journaled, parent, name, spec));
    return {};
}

Result<void> remove_mdevs(JournaledKernel& journaled, const sysfs::DeviceId& parent,
                          const std::vector<policy::MdevSpec>& mdevs) {
    for (const policy::MdevSpec& mdev : mdevs) {
        const std::string uuid = mdev.uuid.value_or("");
        const auto there = journaled.kernel().device({"mdev", uuid});
        if (!there)
            continue;
        const auto name = journaled.kernel().device(parent);
        if (!name || !there->mdev || there->mdev->parent != name->mdev_parent_name)
            return fail(Code::kRefused, "remove mdev", uuid, "is not on " + parent.display());
        TRY(journaled.remove_mdev(parent, mdev));
    }
    return {};
}

Result<void> remove_vgpu(JournaledKernel& journaled, const sysfs::DeviceTarget& vf,
                         const SideEffect& made) {
    const std::string attr(sysfs::kVgpuTypeAttr);
    const auto now = journaled.kernel().device(vf.id);
    const auto number = now && now->vgpu ? sysfs::parse_vgpu_type(now->vgpu->type) : std::nullopt;
    if (!number || made.value != attr + "=" + *number)
        return {};
    return journaled.write_attr(vf, attr, made.before.substr(attr.size() + 1), *number);
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/codec/host_context.hpp"
#include "binding/codec/object_codec.hpp"
#include "policy/plan/devices_in_use.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/kernel/kernel.hpp"
#include "sysfs/module/drivers.hpp"
#include "sysfs/usage/usage.hpp"

/// The lists of fields of what the lower floors define. Members left out of a list stay in their
/// process.
namespace binding {

BINDD_NAMED_ENUM(policy::Op, kCheckOpen, policy::op_name)
BINDD_NAMED_ENUM(policy::ReasonCode, kAmbiguous, policy::reason_name)
BINDD_NAMED_ENUM(policy::StepResult, kSkipped, policy::step_result_name)
BINDD_NAMED_ENUM(policy::Verdict, kConflict, policy::verdict_name)
BINDD_ENUM(policy::CandidateOrigin, kGeneric, "rule", "variant", "alias", "generic")
BINDD_NAMED_ENUM(policy::CandidateStatus, kAmbiguous, policy::candidate_status_name)
BINDD_ENUM(policy::Change::To, kHost, "chain", "none", "host")
BINDD_ENUM(policy::Check, kOpen, "none", "open")
BINDD_ENUM(base::Code, kFailed, "invalid", "not_found", "gone", "denied", "busy", "refused",
           "unsupported", "stale", "timeout", "failed")
BINDD_ENUM(sysfs::ModuleState, kBuiltin, "missing", "available", "denied", "loaded", "builtin")
BINDD_NAMED_ENUM(sysfs::UseKind, kUnknown, sysfs::use_kind_name)

BINDD_FIELDS(base::Error, code, operation, object, errnum, reason, hint)

/// Part of the journal: keys and their order stay.
template <>
struct FieldList<sysfs::HardwareIds> {
    using Ids = sysfs::HardwareIds;
    static constexpr auto fields = std::tuple{hex("vendor", &Ids::vendor, 4),
                                              hex("device", &Ids::device, 4),
                                              hex("subsystem_vendor", &Ids::subsystem_vendor, 4),
                                              hex("subsystem_device", &Ids::subsystem_device, 4),
                                              hex("class", &Ids::class_code, 6),
                                              hex("revision", &Ids::revision, 2)};
};
template <>
struct FieldList<sysfs::Identity> {
    using Identity = sysfs::Identity;
    static constexpr auto fields =
        std::tuple{inlined(&Identity::ids), required("modalias", &Identity::modalias),
                   required("iommu_group", &Identity::iommu_group),
                   omittable("incarnation", &Identity::incarnation)};
};
BINDD_FIELDS(sysfs::NodeAccess, uid, gid, mode)

BINDD_OMITTABLE_FIELDS(sysfs::SriovPf, total, enabled, autoprobe, offset, stride, vfs)
BINDD_OMITTABLE_FIELDS(sysfs::SriovVf, pf, index)
BINDD_OMITTABLE_FIELDS(sysfs::VfioNodes, group, cdev, group_access, cdev_access)
BINDD_OMITTABLE_FIELDS(sysfs::MdevType, id, device_api, available, name, description)
BINDD_OMITTABLE_FIELDS(sysfs::MdevState, parent, type)
BINDD_OMITTABLE_FIELDS(sysfs::VgpuState, type)
BINDD_OMITTABLE_FIELDS(sysfs::Device, id, syspath, path, ids, modalias, incarnation, driver,
                       driver_override, has_override, iommu_group, numa_node, boot_vga, header_type,
                       slot, fault, stuck, serial, netdevs, reset_methods, sriov, vf, vfio, mdev,
                       mdev_types, mdev_parent_name, vgpu, properties, attrs)
BINDD_OMITTABLE_FIELDS(sysfs::Host, arch, kernel, machine_id, iommu, noiommu, users, groups,
                       online_nodes)
BINDD_FIELDS(HostContext, host, group_types, group_names, warnings)
BINDD_FIELDS(sysfs::ModuleAlias, pattern, module)
BINDD_OMITTABLE_FIELDS(sysfs::Drivers, aliases, native_aliases, modules, registered,
                       vfio_pci_makes_vfs, warnings)
BINDD_FIELDS(sysfs::Use, kind, text, evidence, essential)
BINDD_OMITTABLE_FIELDS(sysfs::ScanOptions, serial, properties, slots, resets, attrs, drivers,
                       named_only, leave_out, access, users, groups, driver_buses, brief,
                       other_buses, numa_nodes, revisions, vf_makers)

template <>
struct FieldList<policy::ChainLink> {
    static constexpr auto fields = std::tuple{required("driver", &policy::ChainLink::driver),
                                              required("module", &policy::ChainLink::module),
                                              required("origin", &policy::ChainLink::origin),
                                              required("from", &policy::ChainLink::from),
                                              required("fate", &policy::ChainLink::status),
                                              required("why", &policy::ChainLink::why)};
};
/// Without `where`: the change says which rule it comes from.
template <>
struct FieldList<policy::MdevSpec> {
    using Spec = policy::MdevSpec;
    static constexpr auto fields =
        std::tuple{required("uuid", &Spec::uuid), required("count", &Spec::count),
                   required("type", &Spec::type), required("attrs", &Spec::attrs)};
};
BINDD_FIELDS(policy::AccessSpec, owner, group, mode)
template <>
struct FieldList<sysfs::DeviceTarget> {
    using Target = sysfs::DeviceTarget;
    static constexpr auto fields =
        std::tuple{required("device", &Target::id), required("identity", &Target::identity)};
};
template <>
struct FieldList<policy::Change> {
    using Change = policy::Change;
    static constexpr auto fields = std::tuple{inlined(&Change::target),
                                              required("from_driver", &Change::from_driver),
                                              required("from_override", &Change::from_override),
                                              required("to", &Change::to),
                                              required("candidates", &Change::candidates),
                                              required("taken_along", &Change::taken_along),
                                              required("accepted_uses", &Change::accepted_uses),
                                              required("access", &Change::access),
                                              required("check", &Change::check),
                                              required("attrs", &Change::attrs),
                                              required("set_vfs", &Change::set_vfs),
                                              required("mdevs", &Change::mdevs),
                                              required("mdevs_to_stop", &Change::mdevs_to_stop),
                                              required("rule", &Change::rule),
                                              required("where", &Change::where),
                                              required("rollback", &Change::rollback)};
    static_assert(std::tuple_size_v<decltype(fields)> == member_count<Change>());
};
BINDD_FIELDS(policy::Reason, code, device, text, evidence, forceable)
BINDD_ENUM(policy::UseSeen, kEarlierBoot, "this_boot", "earlier_boot")
template <>
struct FieldList<policy::DeviceInUse> {
    using InUse = policy::DeviceInUse;
    static constexpr auto fields =
        std::tuple{required("device", &InUse::device), required("ids", &InUse::ids),
                   required("reason", &InUse::reason), required("evidence", &InUse::evidence),
                   omittable("seen", &InUse::seen)};
    static_assert(std::tuple_size_v<decltype(fields)> == member_count<InUse>());
};
BINDD_FIELDS(policy::Step, op, device, value, module, result, error)
BINDD_FIELDS(policy::Transaction, group, verdict, devices, changes, steps, reasons, notes, result,
             error, error_code)

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/command_table.hpp"

#include "vfioctl/cli/command_options.hpp"
#include "vfioctl/commands/aliases.hpp"
#include "vfioctl/commands/apply.hpp"
#include "vfioctl/commands/bind.hpp"
#include "vfioctl/commands/capture.hpp"
#include "vfioctl/commands/explain.hpp"
#include "vfioctl/commands/export.hpp"
#include "vfioctl/commands/groups.hpp"
#include "vfioctl/commands/history.hpp"
#include "vfioctl/commands/import.hpp"
#include "vfioctl/commands/list.hpp"
#include "vfioctl/commands/mdev.hpp"
#include "vfioctl/commands/monitor.hpp"
#include "vfioctl/commands/plan.hpp"
#include "vfioctl/commands/policy_check.hpp"
#include "vfioctl/commands/policy_edit.hpp"
#include "vfioctl/commands/policy_generate.hpp"
#include "vfioctl/commands/policy_schema.hpp"
#include "vfioctl/commands/policy_show.hpp"
#include "vfioctl/commands/probe.hpp"
#include "vfioctl/commands/release.hpp"
#include "vfioctl/commands/rollback.hpp"
#include "vfioctl/commands/show.hpp"
#include "vfioctl/commands/sriov.hpp"
#include "vfioctl/commands/status.hpp"
#include "vfioctl/doctor/doctor.hpp"
#include "vfioctl/mdev/mdev_options.hpp"
#include "vfioctl/render/list_columns.hpp"

/// The table of commands: help, completion, parsing and running all read it.
namespace vfioctl {
namespace {

constexpr UsesDaemon kUsesDaemon = UsesDaemon::kYes;

}  // namespace

const std::vector<Command>& commands() {
    static const std::vector<Command> kCommands = {
        {"list",
         "devices with driver, IOMMU group, wanted driver and state",
         "[DEVICE...]",
         0,
         kAnyNumber,
         {kAllDevices, kOutput, kAllColumns, kNoHeadings, kOfClass, kOfId, kOnDriver, kInState,
          kOfRule, kInGroup, kOurs, kSort, kWatch},
         run_list,
         kUsesDaemon,
         column_help},
        {"show",
         "everything known of a device",
         "DEVICE...",
         1,
         kAnyNumber,
         {},
         run_show,
         kUsesDaemon},
        {"groups",
         "IOMMU groups, their members and whether they are viable",
         "[GROUP|DEVICE...]",
         0,
         kAnyNumber,
         {kAsTree},
         run_groups,
         kUsesDaemon},
        {"explain",
         "which rules match a device, which wins, and what would be done",
         "DEVICE",
         1,
         1,
         {},
         run_explain,
         kUsesDaemon},
        {"plan",
         "show what apply would do; changes nothing",
         "[DEVICE...]",
         0,
         kAnyNumber,
         {kRule, kWith, kPlanFile, kDetailed},
         run_plan,
         kUsesDaemon},
        {"apply",
         "apply the policies, or what a saved plan says",
         "[DEVICE...|FILE]",
         0,
         kAnyNumber,
         {kRule, kEarly, kAtBoot, kTimeout},
         run_apply,
         kUsesDaemon},
        {"bind",
         "bind devices to VFIO, regardless of rules",
         "DEVICE...",
         1,
         kAnyNumber,
         {kDriver, kGroup, kForceReason, kPersist, kDryRun, kTimeout},
         run_bind,
         kUsesDaemon},
        {"release",
         "restore the previous driver and override",
         "DEVICE...",
         1,
         kAnyNumber,
         {kForceReason, kForget, kDryRun, kTimeout},
         run_release,
         kUsesDaemon},
        {"rollback",
         "undo a whole transaction, the newest by default",
         "[TXN]",
         0,
         1,
         {kDryRun, kTimeout},
         run_rollback,
         kUsesDaemon},
        {"history",
         "list past transactions with rule and result",
         "[DEVICE...]",
         0,
         kAnyNumber,
         {kOfTheRule, kWithResult, kSince, kLimit, kUtc},
         run_history,
         kUsesDaemon},
        {"status",
         "state of the daemon and of the host's devices",
         "",
         0,
         0,
         {},
         run_status,
         kUsesDaemon},
        {"monitor",
         "print the state of devices and its changes as they happen",
         "[DEVICE...]",
         0,
         kAnyNumber,
         {},
         run_monitor,
         kUsesDaemon},
        {"reload", "make the daemon reload its policies", "", 0, 0, {}, run_reload, kUsesDaemon},
        {"probe", "open a device and show its capabilities", "DEVICE", 1, 1, {kBackend}, run_probe},
        {"mdev types", "types of mediated devices, by parent", "", 0, 0,
         mdev_options(MdevVerb::kTypes), run_mdev_types},
        {"mdev list", "mediated devices that are active, or defined", "[UUID]", 0, 1,
         mdev_options(MdevVerb::kList), run_mdev_list},
        {"mdev define", "define a mediated device in /etc/mdevctl.d", "[UUID]", 0, 1,
         mdev_options(MdevVerb::kDefine), run_mdev_define},
        {"mdev undefine", "remove such a definition", "[UUID]", 0, 1,
         mdev_options(MdevVerb::kUndefine), run_mdev_undefine},
        {"mdev modify", "change a definition, or with --live a running device", "[UUID]", 0, 1,
         mdev_options(MdevVerb::kModify), run_mdev_modify},
        {"mdev start", "create a mediated device", "[UUID]", 0, 1, mdev_options(MdevVerb::kStart),
         run_mdev_start, kUsesDaemon},
        {"mdev stop", "remove a running mediated device", "[UUID]", 0, 1,
         mdev_options(MdevVerb::kStop), run_mdev_stop, kUsesDaemon},
        {"sriov",
         "set the number of VFs of a PF",
         "DEVICE N",
         2,
         2,
         {kDryRun, kTimeout},
         run_sriov,
         kUsesDaemon},
        {"policy check", "check policy files", "[PATH...]", 0, kAnyNumber, {}, run_policy_check},
        {"policy edit",
         "edit a policy file, check it, show its plan, and install it",
         "[FILE]",
         0,
         1,
         {kYes},
         run_policy_edit,
         kUsesDaemon},
        {"policy show",
         "the merged policies, each with its origin",
         "[PATH...]",
         0,
         kAnyNumber,
         {},
         run_policy_show},
        {"policy generate",
         "generate a policy from the current bindings",
         "",
         0,
         0,
         {},
         run_policy_generate},
        {"policy schema", "the JSON Schema of policy files", "", 0, 0, {}, run_policy_schema},
        {"import driverctl",
         "driverctl's configuration as a policy",
         "",
         0,
         0,
         {kFile},
         run_import_driverctl},
        {"import mdevctl",
         "mdevctl's mediated devices as a policy",
         "",
         0,
         0,
         {kFile},
         run_import_mdevctl},
        {"import modprobe",
         "ids= of vfio-pci and pci-stub as a policy",
         "",
         0,
         0,
         {kFile},
         run_import_modprobe},
        {"export libvirt",
         "hostdev elements for domains of libvirt",
         "DEVICE...",
         1,
         kAnyNumber,
         {kFile},
         run_export_libvirt},
        {"export qemu",
         "arguments for QEMU",
         "DEVICE...",
         1,
         kAnyNumber,
         {kExportBackend, kFile},
         run_export_qemu},
        {"export cdi",
         "a CDI specification for containers",
         "DEVICE...",
         1,
         kAnyNumber,
         {kExportBackend, kCdiKind, kFile},
         run_export_cdi},
        {"aliases",
         "stable device-based names of VFIO nodes",
         "[DEVICE...]",
         0,
         kAnyNumber,
         {kUdev},
         run_aliases},
        {"doctor",
         "check whether this host is ready for device assignment",
         "",
         0,
         0,
         {},
         run_doctor},
        {"capture",
         "write the host's state to FILE.tar, for use with --root",
         "FILE.tar[.zst|.xz|.gz]",
         1,
         1,
         {},
         run_capture},
    };
    return kCommands;
}

std::vector<const Command*> family(const std::string& name) {
    std::vector<const Command*> out;
    for (const Command& command : commands())
        if (command.name.starts_with(name + " "))
            out.push_back(&command);
    return out;
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "vfioctl/context/command.hpp"

/// The options of the commands, by name. Those of `mdev` are in mdev/mdev_options.cpp.
namespace vfioctl {

inline constexpr OptionSpec kAllDevices{"all", 'a', OptionArity::kFlag, "",
                                        "devices of every bus, not only PCI and VFIO's"};
inline constexpr OptionSpec kOutput{
    "output", 'o', OptionArity::kRepeated, "COLS",
    "columns to show, separated by commas; +COL adds to the usual ones"};
inline constexpr OptionSpec kAllColumns{"all-columns", '\0', OptionArity::kFlag, "",
                                        "every column"};
inline constexpr OptionSpec kOfClass{"class", '\0', OptionArity::kSingle, "CLASS",
                                     "only these classes: names, or the first digits"};
inline constexpr OptionSpec kOfId{"id", '\0', OptionArity::kSingle, "ID",
                                  "only these ids: VENDOR, VENDOR:DEVICE or :DEVICE"};
inline constexpr OptionSpec kOnDriver{"driver", 'd', OptionArity::kSingle, "D",
                                      "only those on these drivers; none: on no driver"};
inline constexpr OptionSpec kInState{"state", '\0', OptionArity::kSingle, "STATE",
                                     "only those in these states"};
inline constexpr OptionSpec kOfRule{"rule", '\0', OptionArity::kRepeated, "RULE",
                                    "only those that these rules decide over"};
inline constexpr OptionSpec kInGroup{"group", 'g', OptionArity::kSingle, "GROUP",
                                     "only those in these IOMMU groups"};
inline constexpr OptionSpec kOurs{"ours", '\0', OptionArity::kFlag, "",
                                  "only those that a rule wants or bindd has bound"};
inline constexpr OptionSpec kSort{"sort", '\0', OptionArity::kSingle, "COLS",
                                  "by these columns; -COL: descending"};
inline constexpr OptionSpec kWatch{"watch", 'w', OptionArity::kFlag, "",
                                   "print again whenever it changes, until interrupted"};
inline constexpr OptionSpec kOfTheRule{"rule", '\0', OptionArity::kRepeated, "RULE",
                                       "only transactions of these rules"};
inline constexpr OptionSpec kWithResult{"result", '\0', OptionArity::kSingle, "RESULT",
                                        "only those that ended so: done, failed, ..."};
inline constexpr OptionSpec kSince{"since", '\0', OptionArity::kSingle, "TIME",
                                   "only those since a date, a time, or 2h (ago)"};
inline constexpr OptionSpec kLimit{"limit", '\0', OptionArity::kSingle, "N", "the newest N"};
inline constexpr OptionSpec kUtc{"utc", '\0', OptionArity::kFlag, "",
                                 "times in UTC instead of local time"};
inline constexpr OptionSpec kFile{"output", 'o', OptionArity::kRepeated, "FILE",
                                  "into this file instead of stdout, which - is"};
inline constexpr OptionSpec kExportBackend{"backend", 'b', OptionArity::kSingle, "legacy|iommufd",
                                           "by group or by cdev"};
inline constexpr OptionSpec kCdiKind{"kind", '\0', OptionArity::kSingle, "KIND",
                                     "vendor.tld/class (default bindd.org/vfio)"};
inline constexpr OptionSpec kUdev{"udev", '\0', OptionArity::kSingle, "NODE",
                                  "print the links for a group node (used by udev rules)"};
inline constexpr OptionSpec kNoHeadings{"noheadings", 'n', OptionArity::kFlag, "",
                                        "no line of headings"};
inline constexpr OptionSpec kAsTree{"tree", '\0', OptionArity::kFlag, "",
                                    "their devices as a tree, below the bridges"};
inline constexpr OptionSpec kDetailed{"detailed-exitcode", '\0', OptionArity::kFlag, "",
                                      "exit 0: nothing to do, 10: changes, 3: only refusals"};
inline constexpr OptionSpec kRule{
    "rule", '\0', OptionArity::kRepeated, "NAME",
    "only devices that this rule decides; may be given several times"};
inline constexpr OptionSpec kWith{"with", '\0', OptionArity::kRepeated, "FILE",
                                  "as if this policy file were installed, and what it changes"};
inline constexpr OptionSpec kPlanFile{"out", '\0', OptionArity::kSingle, "FILE",
                                      "also save the plan, for `apply FILE`"};
inline constexpr OptionSpec kYes{"yes", 'y', OptionArity::kFlag, "", "do not ask"};
inline constexpr OptionSpec kEarly{
    "early", '\0', OptionArity::kFlag, "",
    "only write overrides of devices that no driver has yet (for early boot)"};
inline constexpr OptionSpec kAtBoot{
    "at-boot", '\0', OptionArity::kFlag, "",
    "leave devices alone that were in use before this boot (for a unit)"};
inline constexpr OptionSpec kTimeout{"timeout", '\0', OptionArity::kSingle, "S",
                                     "seconds a single kernel write may take (default 60)"};
inline constexpr OptionSpec kDriver{"driver", 'd', OptionArity::kSingle, "D",
                                    "the driver: auto (default), host, none, or a name"};
inline constexpr OptionSpec kGroup{"group", 'g', OptionArity::kSingle, "strict|whole",
                                   "whole: include the group's other devices; default strict"};
inline constexpr OptionSpec kForceReason{"force", 'f', OptionArity::kRepeated, "REASON",
                                         "ignore this refusal reason; may be given several times"};
inline constexpr OptionSpec kPersist{"persist", 'p', OptionArity::kFlag, "",
                                     "also write a rule to /etc/bindd/policies.d/90-vfioctl.yaml"};
inline constexpr OptionSpec kForget{"forget", '\0', OptionArity::kFlag, "",
                                    "also remove the rule that bind --persist has kept"};
inline constexpr OptionSpec kBackend{
    "backend", 'b', OptionArity::kSingle, "B",
    "only this one: iommufd, iommufd-compat, type1v2, type1, spapr-v2, spapr-v1, noiommu"};
inline constexpr OptionSpec kDryRun{"dry-run", '\0', OptionArity::kFlag, "",
                                    "show what would be done; change nothing"};

/// The options of the program itself.
[[nodiscard]] const std::vector<OptionSpec>& global_options();
/// Those of the program and of these commands, each name once.
[[nodiscard]] std::vector<OptionSpec> merged_options(const std::vector<const Command*>& of);

}  // namespace vfioctl

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
inline constexpr OptionSpec kFile{"output", 'o', OptionArity::kRepeated, "FILE",
                                  "into this file instead of stdout"};
inline constexpr OptionSpec kExportBackend{"backend", 'b', OptionArity::kSingle, "legacy|iommufd",
                                           "by group or by cdev"};
inline constexpr OptionSpec kCdiKind{"kind", '\0', OptionArity::kSingle, "KIND",
                                     "vendor.tld/class (default bindd.org/vfio)"};
inline constexpr OptionSpec kUdev{"udev", '\0', OptionArity::kSingle, "NODE",
                                  "print the links for a group node (used by udev rules)"};
inline constexpr OptionSpec kNoHeadings{"noheadings", 'n', OptionArity::kFlag, "",
                                        "no line of headings"};
inline constexpr OptionSpec kAsTree{"tree", '\0', OptionArity::kFlag, "",
                                    "groups with their devices as a tree"};
inline constexpr OptionSpec kDetailed{"detailed-exitcode", '\0', OptionArity::kFlag, "",
                                      "exit 0: nothing to do, 10: changes, 3: only refusals"};
inline constexpr OptionSpec kEarly{
    "early", '\0', OptionArity::kFlag, "",
    "only write overrides of devices that no driver has yet (for early boot)"};
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

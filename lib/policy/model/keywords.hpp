// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <string_view>

/// The words of the language, for "did you mean" and for telling where a misplaced key belongs.
namespace policy {

inline constexpr std::array<std::string_view, 3> kFileKeys = {"version", "variants", "rules"};
inline constexpr std::array<std::string_view, 5> kVariantKeys = {"name", "priority", "match",
                                                                 "drivers", "why"};
inline constexpr std::array<std::string_view, 13> kRuleKeys = {
    "name",  "priority", "match", "protect", "driver", "group", "in_use",
    "limit", "access",   "check", "drift",   "sriov",  "mdevs"};
inline constexpr std::array<std::string_view, 29> kMatchKeys = {"bus",
                                                                "address",
                                                                "vendor",
                                                                "device",
                                                                "subsystem_vendor",
                                                                "subsystem_device",
                                                                "class",
                                                                "revision",
                                                                "driver",
                                                                "modalias",
                                                                "path",
                                                                "slot",
                                                                "numa_node",
                                                                "iommu_group",
                                                                "is_vf",
                                                                "is_pf",
                                                                "pf",
                                                                "vf",
                                                                "netdev",
                                                                "serial",
                                                                "boot_vga",
                                                                "arch",
                                                                "kernel",
                                                                "property",
                                                                "attr",
                                                                "mdev_parent",
                                                                "any",
                                                                "all",
                                                                "not"};
inline constexpr std::array<std::string_view, 3> kAccessKeys = {"owner", "group", "mode"};
inline constexpr std::array<std::string_view, 1> kInUseKeys = {"allow"};
inline constexpr std::array<std::string_view, 1> kSriovKeys = {"vfs"};
inline constexpr std::array<std::string_view, 4> kMdevKeys = {"uuid", "count", "type", "attrs"};

/// The names that match.hpp's base_class() knows.
inline constexpr std::array<std::string_view, 14> kClassNames = {
    "storage", "network", "display", "multimedia", "memory", "bridge",   "communication",
    "system",  "input",   "docking", "processor",  "serial", "wireless", "accelerator"};

}  // namespace policy

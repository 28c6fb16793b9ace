// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/mdevctl/mdev_list.hpp"
#include "vfioctl/mdev/mdev_verbs.hpp"

namespace vfioctl {

enum class MdevFormat { kText, kDumpJson };
enum class MdevDetail { kBrief, kAttrs };
enum class MdevSelection { kActive, kDefined };

/// The output of `list`, byte for byte as mdevctl's, without the newline that it adds. A single
/// device selected by UUID is the JSON of its definition.
[[nodiscard]] MdevOutput format_mdev_list(const std::vector<binding::ListedMdev>& mdevs,
                                          MdevSelection which, MdevFormat form, MdevDetail detail,
                                          const binding::MdevFilter& filter);

/// The output of `types`, of one parent or of all.
[[nodiscard]] MdevOutput format_mdev_types(const sysfs::Inventory& inventory,
                                           const std::optional<std::string>& parent,
                                           MdevFormat form);

}  // namespace vfioctl

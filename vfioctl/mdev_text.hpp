// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/mdev_desk.hpp"
#include "vfioctl/mdev_verbs.hpp"

namespace vfioctl {

enum class MdevForm { kText, kDumpJson };
enum class MdevDetail { kBrief, kAttrs };
enum class MdevWhich { kActive, kDefined };

/// What `list` says, byte for byte as mdevctl does, but for the newline that it adds. A single device that was
/// asked for by UUID is the JSON of its definition.
[[nodiscard]] MdevAnswer mdev_list_answer(const std::vector<binding::ListedMdev>& mdevs,
                                          MdevWhich which, MdevForm form, MdevDetail detail,
                                          const binding::MdevFilter& filter);

/// What `types` says, of one parent or of all.
[[nodiscard]] MdevAnswer mdev_types_answer(const sysfs::Inventory& inventory,
                                           const std::optional<std::string>& parent, MdevForm form);

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

enum class MdevVerb { kTypes, kList, kDefine, kUndefine, kModify, kStart, kStop };

[[nodiscard]] const std::vector<OptionSpec>& mdev_options(MdevVerb verb);

/// Options that exclude or need each other, and the form of a UUID. Every failure is a kUsage.
[[nodiscard]] CliResult<void> check_mdev_options(MdevVerb verb, const Arguments& arguments);

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "vfioctl/render/device_details.hpp"

namespace vfioctl {

/// The fields of `list` and more.
[[nodiscard]] nlohmann::ordered_json device_details_json(const DeviceDetails& details);

}  // namespace vfioctl

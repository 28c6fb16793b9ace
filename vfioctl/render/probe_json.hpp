// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "vfioctl/render/probe_report.hpp"

namespace vfioctl {

[[nodiscard]] nlohmann::ordered_json probe_json(const ProbeReport& report);

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "vfioctl/render/probe_report.hpp"

namespace vfioctl {

[[nodiscard]] std::string probe_text(const ProbeReport& report);

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace policy {

/// The assignments of a vfio_ap mdev (assign_adapter, assign_domain, assign_control_domain) as one
/// value of its `ap_config`, which the kernel accepts or refuses as a whole. Nothing when there is
/// no attribute, or another one.
[[nodiscard]] std::optional<std::string> ap_config(
    const std::vector<std::pair<std::string, std::string>>& attrs);

/// Does the kernel have `ap_config` (Linux 6.10)? `release` is that of uname -r.
[[nodiscard]] bool has_ap_config(const std::string& release);

inline constexpr std::string_view kApPassthrough = "vfio_ap-passthrough";

}  // namespace policy

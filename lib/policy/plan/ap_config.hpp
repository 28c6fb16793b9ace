// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace policy {

/// A vfio_ap mdev's matrix, one attribute after the other (assign_adapter, assign_domain,
/// assign_control_domain), as the value of its `ap_config`: the kernel takes all of it with one
/// write, or none. Nothing when there is an attribute that is no such assignment, or none at all.
[[nodiscard]] std::optional<std::string> ap_config(
    const std::vector<std::pair<std::string, std::string>>& attrs);

/// `ap_config` is there since Linux 6.10; `release` as of uname -r.
[[nodiscard]] bool has_ap_config(std::string_view release);

inline constexpr std::string_view kApPassthrough = "vfio_ap-passthrough";

}  // namespace policy

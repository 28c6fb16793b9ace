// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace vfioctl {

/// The JSON object that every command prints: `{"schema": "vfioctl/1"}`, to be filled.
[[nodiscard]] nlohmann::ordered_json json_document();
/// Indented by two, with a newline at the end. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string dump(const nlohmann::ordered_json& json);

}  // namespace vfioctl

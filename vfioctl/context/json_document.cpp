// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/context/json_document.hpp"

#include "binding/codec/json.hpp"

namespace vfioctl {

nlohmann::ordered_json json_document() {
    nlohmann::ordered_json json;
    json["schema"] = "vfioctl/1";
    return json;
}

std::string dump(const nlohmann::ordered_json& json) {
    return binding::dump(json, binding::JsonLayout::kIndented) + "\n";
}

}  // namespace vfioctl

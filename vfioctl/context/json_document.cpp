// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/context/json_document.hpp"

#include <nlohmann/json.hpp>

namespace vfioctl {

nlohmann::ordered_json json_document() {
    nlohmann::ordered_json json;
    json["schema"] = "vfioctl/1";
    return json;
}

std::string dump(const nlohmann::ordered_json& json) {
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/chain_format.hpp"

#include <algorithm>

namespace vfioctl {

std::string candidate_name(const policy::ChainLink& link) {
    return link.driver ? *link.driver : "module " + link.module.value_or("?");
}

std::vector<std::string> chain_lines(const policy::Chain& chain) {
    std::size_t name_width = 0;
    std::size_t status_width = 0;
    for (const policy::ChainLink& link : chain.links) {
        name_width = std::max(name_width, candidate_name(link).size());
        status_width =
            std::max(status_width, std::string(policy::candidate_status_name(link.status)).size());
    }
    std::vector<std::string> out;
    for (const policy::ChainLink& link : chain.links) {
        std::string name = candidate_name(link);
        std::string status = policy::candidate_status_name(link.status);
        name.resize(name_width, ' ');
        status.resize(status_width, ' ');
        std::string line = name + "  " + status + "  " + link.from;
        if (!link.why.empty())
            line += ": " + link.why;
        out.push_back(line);
    }
    return out;
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/chain_words.hpp"

#include <algorithm>

namespace vfioctl {

std::string candidate_word(const policy::ChainLink& link) {
    return link.driver ? *link.driver : "module " + link.module.value_or("?");
}

const char* fate_word(policy::Fate fate) {
    switch (fate) {
        case policy::Fate::kUse:
            return "use";
        case policy::Fate::kFallback:
            return "fallback";
        case policy::Fate::kSkipped:
            return "skipped";
        case policy::Fate::kUnreached:
            return "unreached";
        case policy::Fate::kAmbiguous:
            return "ambiguous";
    }
    return "";
}

std::vector<std::string> chain_lines(const policy::Chain& chain) {
    std::size_t name_width = 0;
    std::size_t fate_width = 0;
    for (const policy::ChainLink& link : chain.links) {
        name_width = std::max(name_width, candidate_word(link).size());
        fate_width = std::max(fate_width, std::string(fate_word(link.fate)).size());
    }
    std::vector<std::string> out;
    for (const policy::ChainLink& link : chain.links) {
        std::string name = candidate_word(link);
        std::string fate = fate_word(link.fate);
        name.resize(name_width, ' ');
        fate.resize(fate_width, ' ');
        std::string line = name + "  " + fate + "  " + link.from;
        if (!link.why.empty())
            line += ": " + link.why;
        out.push_back(line);
    }
    return out;
}

}  // namespace vfioctl

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/cap_chain.hpp"

#include <algorithm>

#include "vfio/abi/capability.hpp"

namespace vfio {

const Capability* CapChain::find(std::uint16_t id) const {
    const auto found = std::find_if(caps.begin(), caps.end(),
                                    [id](const Capability& cap) { return cap.id == id; });
    return found == caps.end() ? nullptr : &*found;
}

CapChain read_cap_chain(std::span<const std::byte> info, std::size_t fixed,
                        std::uint32_t cap_offset) {
    CapChain chain;
    std::vector<std::size_t> starts;  // chain order
    std::vector<bool> seen(info.size());
    for (std::size_t offset = cap_offset; offset != 0;) {
        const std::string where = "capability at " + std::to_string(offset);
        if (offset < fixed) {
            chain.defect = where + " lies in the fixed part";
            break;
        }
        if (offset > info.size() || info.size() - offset < sizeof(abi::CapHeader)) {
            chain.defect = where + " lies outside the " + std::to_string(info.size()) + " bytes";
            break;
        }
        if (seen[offset]) {
            chain.defect = where + " was there before";
            break;
        }
        seen[offset] = true;
        starts.push_back(offset);
        abi::CapHeader header;
        std::memcpy(&header, info.data() + offset, sizeof header);
        chain.caps.push_back({.id = header.id, .version = header.version, .bytes = {}});
        offset = header.next;
    }

    // A capability has no length of its own: it ends where the next one in memory starts. One that
    // starts inside another's header leaves that one with the header alone.
    std::vector<std::size_t> sorted = starts;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const auto next = std::upper_bound(sorted.begin(), sorted.end(), starts[i]);
        std::size_t end = next == sorted.end() ? info.size() : *next;
        end = std::max(end, starts[i] + sizeof(abi::CapHeader));
        const auto bytes = info.subspan(starts[i], end - starts[i]);
        chain.caps[i].bytes.assign(bytes.begin(), bytes.end());
    }
    return chain;
}

}  // namespace vfio

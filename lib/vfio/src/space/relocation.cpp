// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/relocation.hpp"

#include <algorithm>
#include <cerrno>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

Result<std::vector<MappedRange>> relocate(std::vector<MappedRange> mappings,
                                          std::span<const Relocation> relocations,
                                          const std::string& object) {
    std::sort(mappings.begin(), mappings.end());
    for (const Relocation& move : relocations) {
        const auto found =
            std::find_if(mappings.begin(), mappings.end(),
                         [&](const MappedRange& mapped) { return mapped.iova.first == move.iova; });
        if (found == mappings.end())
            return fail_call(ENOENT, "adopt " + hex_text(move.iova), object,
                             "no mapping starts there");
        found->address = move.address;
    }
    for (std::size_t i = 1; i < mappings.size(); ++i)
        if (mappings[i].iova.overlaps(mappings[i - 1].iova))
            return fail_call(EINVAL, "adopt " + text(mappings[i].iova), object,
                             "it overlaps " + text(mappings[i - 1].iova));
    return mappings;
}

}  // namespace vfio

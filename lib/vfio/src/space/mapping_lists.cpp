// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/mapping_lists.hpp"

#include <algorithm>
#include <cerrno>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

/// Whether `next` starts where `run` ends, in memory and, where it is fixed, in IOVA.
bool continues(const MapRequest& run, const MapRequest& next) {
    if (run.access != next.access || run.address + run.length != next.address ||
        run.iova.has_value() != next.iova.has_value())
        return false;
    if (run.iova)
        return *run.iova + run.length == *next.iova;
    return run.alignment == next.alignment && run.within == next.within;
}

}  // namespace

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

std::vector<MapRequest> coalesce(std::span<const MapRequest> requests) {
    std::vector<MapRequest> sorted(requests.begin(), requests.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const MapRequest& a, const MapRequest& b) {
        return a.iova != b.iova ? a.iova < b.iova : a.address < b.address;
    });
    std::vector<MapRequest> runs;
    for (const MapRequest& request : sorted) {
        if (!runs.empty() && continues(runs.back(), request))
            runs.back().length += request.length;
        else
            runs.push_back(request);
    }
    return runs;
}

}  // namespace vfio

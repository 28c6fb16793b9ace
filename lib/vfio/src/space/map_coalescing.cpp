// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/map_coalescing.hpp"

#include <algorithm>

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

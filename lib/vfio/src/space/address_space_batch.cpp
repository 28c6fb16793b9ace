// SPDX-License-Identifier: LGPL-2.1-or-later
// Batches: the fewer entries, the fewer ioctls, the less of the entry limit, the better for the
// IOTLB.
#include <algorithm>
#include <cerrno>
#include <mutex>
#include <numeric>

#include "vfio/address_space.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

/// Does `next` go on where `run` ends, in memory and (where it is fixed) in IOVA?
bool continues(const MapRequest& run, const MapRequest& next) {
    if (run.access != next.access || run.address + run.length != next.address ||
        run.iova.has_value() != next.iova.has_value())
        return false;
    if (run.iova)
        return *run.iova + run.length == *next.iova;
    return run.alignment == next.alignment && run.within == next.within;
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

}  // namespace

Result<std::vector<MappedRange>> AddressSpace::map_batch(std::span<const MapRequest> requests) {
    const std::unique_lock lock(mutex_);
    // Each request is judged by itself: two wrong ones must not make a right one.
    for (const MapRequest& request : requests)
        if (!is_valid(request))
            return tl::unexpected<Error>(validation_error(request));
    std::vector<MappedRange> done;
    for (const MapRequest& run : coalesce(requests)) {
        auto mapped = map_locked(run);
        if (mapped) {
            done.push_back(*mapped);
            continue;
        }
        for (const MappedRange& undo : done)
            static_cast<void>(unmap_locked(undo.iova));
        return base::propagate(mapped);
    }
    return done;
}

}  // namespace vfio

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/abi/errno_hints.hpp"

#include <cerrno>
#include <limits>

namespace vfio {

tl::unexpected<Error> fail_call(int errnum, std::string operation, std::string object,
                                std::string hint) {
    auto failed = base::fail_errno(errnum, std::move(operation), std::move(object));
    failed.value().hint = std::move(hint);
    return failed;
}

Result<void> check_answer(int answer, std::string operation, std::string object, std::string hint) {
    if (answer < 0)
        return fail_call(-answer, std::move(operation), std::move(object), std::move(hint));
    return {};
}

std::string find_hint(std::span<const ErrnoHint> hints, int errnum, std::string otherwise) {
    for (const ErrnoHint& hint : hints)
        if (hint.errnum == errnum)
            return hint.text;
    return otherwise;
}

std::string open_hint(int errnum, std::string_view path) {
    const bool noiommu = path.find("noiommu-") != std::string_view::npos;
    const bool cdev = path.find("/devices/") != std::string_view::npos;
    switch (errnum) {
        case EBUSY:
            return cdev ? "the device's group is open, or the device itself; a group and a cdev "
                          "exclude each "
                          "other"
                        : "a group can be open only once, and not while a cdev of it is";
        case EPERM:
            return noiommu ? "a noiommu group needs CAP_SYS_RAWIO" : "";
        case EACCES:
            return "the node's owner or mode does not let this user open it";
        case ENOENT:
            return path == "/dev/iommu" ? "this kernel has no iommufd, or its module is not loaded"
                   : path == "/dev/vfio/vfio"
                       ? "this kernel has no VFIO container, or its module is not loaded"
                       : "no device of it is bound to a VFIO driver";
        case ENODEV:
            return "no device of it is bound to a VFIO driver any more";
        default:
            return {};
    }
}

namespace {

std::string kib(std::uint64_t bytes) {
    return std::to_string((bytes + 1023) / 1024) + " KiB";
}

}  // namespace

std::string memlock_hint(const MemlockLimit& limit, std::uint64_t pinned, std::uint64_t wanted) {
    if (limit.exempt || limit.bytes == std::numeric_limits<std::uint64_t>::max())
        return "the host is out of memory to pin; " + kib(wanted) + " were asked for";
    return "locked memory: " + kib(pinned) + " mapped and " + kib(wanted) + " more need " +
           kib(pinned + wanted) + ", RLIMIT_MEMLOCK is " + kib(limit.bytes) +
           "; raise it (ulimit -l, LimitMEMLOCK=) or give CAP_IPC_LOCK";
}

std::string entry_limit_hint(std::uint64_t entries) {
    return std::to_string(entries) +
           " mappings are all the container takes (vfio_iommu_type1.dma_entry_limit, 65535 unless "
           "set); "
           "map larger pieces, or adjacent ones in one batch";
}

std::string aperture_hint(const IovaRange& wanted, std::span<const IovaRange> usable) {
    if (usable.empty())
        return "no IOVA is usable yet";
    const IovaRange* below = nullptr;
    const IovaRange* above = nullptr;
    for (const IovaRange& range : usable) {
        if (range.contains(wanted))
            return {};
        if (range.first <= wanted.first)
            below = &range;
        if (range.first > wanted.first && above == nullptr)
            above = &range;
    }
    if (below != nullptr && above != nullptr)
        return "in the way: " + text({below->last + 1, above->first - 1}) + " is reserved";
    if (below != nullptr)
        return "usable IOVAs end at " + hex_text(below->last);
    return "usable IOVAs start at " + hex_text(above->first);
}

std::string attach_hint(int errnum) {
    static constexpr ErrnoHint kHints[] = {
        {EPERM,
         "another owner has the group's DMA, or the platform does not isolate interrupts "
         "(allow_unsafe_interrupts of vfio_iommu_type1 or iommufd)"},
        {EBUSY, "a native driver of the group still does DMA, or another process has its devices"},
        {EADDRINUSE, "a mapping or an allowed range lies where this device cannot reach"},
    };
    return find_hint(kHints, errnum);
}

}  // namespace vfio

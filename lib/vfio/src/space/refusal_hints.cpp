// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/refusal_hints.hpp"

#include <cerrno>
#include <charconv>
#include <sstream>
#include <utility>
#include <vector>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

bool parse_address(std::string_view word, std::uint64_t& value) {
    if (!word.starts_with("0x"))
        return false;
    const char* end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data() + 2, end, value, 16);
    return parsed.ec == std::errc() && parsed.ptr == end;
}

using ReservedRegions = std::vector<std::pair<IovaRange, std::string>>;

/// "0x00000000fee00000 0x00000000feefffff msi" per line.
ReservedRegions parse_reserved_regions(const std::string& text) {
    ReservedRegions out;
    std::istringstream lines(text);
    std::string first;
    std::string last;
    std::string type;
    while (lines >> first >> last >> type) {
        IovaRange range;
        if (parse_address(first, range.first) && parse_address(last, range.last) &&
            type != "direct-relaxable")
            out.emplace_back(range, type);
    }
    return out;
}

std::string ranges_of_type(const ReservedRegions& regions, std::string_view type) {
    std::string out;
    for (const auto& [range, its_type] : regions)
        if (its_type == type)
            out += (out.empty() ? "" : ", ") + text(range);
    return out;
}

/// `object` is a group ("/dev/vfio/15", "15") or a PCI address.
std::string reserved_regions_path(const std::string& object) {
    const std::string last = object.substr(object.rfind('/') + 1);
    if (last.find(':') != std::string::npos)
        return "/sys/bus/pci/devices/" + last + "/iommu_group/reserved_regions";
    return "/sys/kernel/iommu_groups/" + last + "/reserved_regions";
}

}  // namespace

Error explain_map_refusal(Error error, const MappedRange& piece, Backend backend,
                          const Geometry& geometry, const MappingTable& table, Calls& calls) {
    switch (error.errnum) {
        case ENOMEM:
            error.hint = memlock_hint(calls.memlock_limit(), table.bytes(), piece.iova.length());
            break;
        case ENOSPC:
            error.hint = entry_limit_hint(table.size());
            break;
        case EINVAL:
            if (error.hint.empty())
                error.hint = aperture_hint(piece.iova, window_ranges(geometry.windows));
            break;
        case EEXIST:
            error.hint = "someone else mapped there through the same fd";
            break;
        case EFAULT:
            error.hint = backend == Backend::kIommufd
                             ? "no memory is there, or it is a device's: iommufd maps a BAR only "
                               "as a dma-buf (map_file)"
                             : "no memory is there";
            break;
        case EPERM:
            if (error.hint.empty())
                error.hint = "the memory is read-only here, so devices may only read it";
            break;
        default:
            break;
    }
    return error;
}

Error explain_attach_refusal(Error error, const std::string& object, const MappingTable& table,
                             Calls& calls) {
    if (error.errnum != EINVAL && error.errnum != EADDRINUSE && error.errnum != EPERM)
        return error;
    const auto listing = calls.read_text(reserved_regions_path(object));
    if (!listing)
        return error;
    const auto regions = parse_reserved_regions(*listing);
    if (const std::string kept = ranges_of_type(regions, "direct"); !kept.empty()) {
        error.hint = "the firmware keeps memory for DMA by its group (" + kept +
                     ", direct in reserved_regions), and the kernel then gives it to no program";
        return error;
    }
    if (error.errnum == EPERM || table.size() == 0)
        return error;
    for (const auto& [range, type] : regions)
        if (const auto mapped = table.first_overlap(range)) {
            error.hint = "in the way: the mapping " + text(mapped->iova) + " lies in " +
                         text(range) + ", which is reserved (" + type + ") for " + object;
            return error;
        }
    if (error.hint.empty())
        error.hint = "none of the mappings lies in a reserved region of " + object;
    return error;
}

}  // namespace vfio

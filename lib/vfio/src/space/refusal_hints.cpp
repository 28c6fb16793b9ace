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

/// "0x00000000fee00000 0x00000000feefffff msi" per line.
std::vector<std::pair<IovaRange, std::string>> parse_reserved_regions(const std::string& text) {
    std::vector<std::pair<IovaRange, std::string>> out;
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

Error explain_attach_refusal(Error error, const std::string& group, const MappingTable& table,
                             Calls& calls) {
    if (table.size() == 0 || (error.errnum != EINVAL && error.errnum != EADDRINUSE))
        return error;
    const std::string number = group.substr(group.rfind('/') + 1);
    const auto listing =
        calls.read_text("/sys/kernel/iommu_groups/" + number + "/reserved_regions");
    if (!listing)
        return error;
    for (const auto& [range, type] : parse_reserved_regions(*listing))
        if (const auto mapped = table.first_overlap(range)) {
            error.hint = "in the way: the mapping " + text(mapped->iova) + " lies in " +
                         text(range) + ", which is reserved (" + type + ") for " + group;
            return error;
        }
    if (error.hint.empty())
        error.hint = "none of the mappings lies in a reserved region of " + group;
    return error;
}

}  // namespace vfio

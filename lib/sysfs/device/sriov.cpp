// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/sriov.hpp"

#include <algorithm>
#include <limits>

#include "sysfs/device/names.hpp"

namespace sysfs {

namespace {

constexpr std::string_view kVirtfn = "virtfn";

std::uint32_t count(const DeviceDir& device, const std::string& attr) {
    const auto value = device.number(attr).value_or(0);
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

std::optional<std::uint32_t> index_of(const std::string& virtfn) {
    const auto index = base::parse_decimal(std::string_view(virtfn).substr(kVirtfn.size()));
    constexpr std::uint64_t kMostVfs = 0xffff;  // NumVFs has 16 bits
    return index && *index <= kMostVfs ? std::optional(static_cast<std::uint32_t>(*index))
                                       : std::nullopt;
}

}  // namespace

std::optional<SriovPf> read_pf(const Root& root, const DeviceDir& device) {
    if (!device.has("sriov_totalvfs"))
        return std::nullopt;
    SriovPf out;
    out.total = count(device, "sriov_totalvfs");
    if (const auto offset = device.number("sriov_offset"))
        out.offset = static_cast<std::uint32_t>(*offset);
    if (const auto stride = device.number("sriov_stride"))
        out.stride = static_cast<std::uint32_t>(*stride);
    if (const auto autoprobe = device.number("sriov_drivers_autoprobe"))
        out.autoprobe = *autoprobe != 0;
    for (const std::string& virtfn : device.listing().starting_with(kVirtfn))
        if (const auto index = index_of(virtfn))
            if (auto vf = device.dir().link_name(virtfn))
                out.vfs.emplace(*index, std::move(*vf));
    out.enabled = static_cast<std::uint32_t>(out.vfs.size());
    if (!root.is_live())  // it may have lost its links
        out.enabled = std::max(out.enabled, count(device, "sriov_numvfs"));
    return out;
}

std::optional<std::string> read_pf_of(const DeviceDir& device) {
    return device.has("physfn") ? device.link_name("physfn") : std::nullopt;
}

std::vector<DeviceId> vf_ids(const Device& pf) {
    std::vector<DeviceId> ids;
    if (pf.sriov)
        for (const auto& [index, name] : pf.sriov->vfs)
            ids.push_back({"pci", name});
    return ids;
}

}  // namespace sysfs

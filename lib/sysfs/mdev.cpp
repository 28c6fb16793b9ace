// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/mdev.hpp"

#include <limits>

#include "sysfs/names.hpp"

namespace sysfs {

namespace {

const std::string kTypes = "mdev_supported_types";

MdevType read_type(const Dir& parent, const std::string& id) {
    const std::string dir = kTypes + "/" + id + "/";
    MdevType out;
    out.id = id;
    out.device_api = parent.attr(dir + "device_api").value_or("");
    const auto available = parent.number(dir + "available_instances").value_or(0);
    out.available = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(available, std::numeric_limits<std::uint32_t>::max()));
    out.name = parent.attr(dir + "name");
    out.description = parent.attr(dir + "description");
    return out;
}

/// The last component, which is taken off `path`.
std::string_view take_last(std::string_view& path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view last = path.substr(slash + 1);  // npos + 1 is 0
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    return last;
}

}  // namespace

std::vector<MdevType> read_mdev_types(const DeviceDir& device) {
    std::vector<MdevType> out;
    if (!device.has(kTypes))
        return out;
    const auto ids = device.dir().entries(kTypes);
    if (!ids)
        return out;
    for (const std::string& id : *ids)
        if (parse_mdev_type(id))
            out.push_back(read_type(device.dir(), id));
    return out;
}

std::optional<MdevState> read_mdev_state(const DeviceDir& device, std::string_view syspath) {
    const auto link = device.dir().link("mdev_type");
    if (!link)
        return std::nullopt;
    MdevState out;
    std::string_view target = *link;
    out.type = take_last(target);
    take_last(target);  // mdev_supported_types
    const std::string_view parent = take_last(target);
    // The kernel makes an mdev a child of its parent, so the link is
    // "../mdev_supported_types/TYPE".
    take_last(syspath);
    out.parent = parent.empty() || parent == ".." ? take_last(syspath) : parent;
    return out;
}

}  // namespace sysfs

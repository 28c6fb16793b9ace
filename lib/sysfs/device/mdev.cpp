// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/mdev.hpp"

#include <limits>

#include "sysfs/device/names.hpp"

namespace sysfs {

namespace {

const std::string kTypes = "mdev_supported_types";

MdevType read_type(const base::Dir& parent, const std::string& id) {
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
std::string_view pop_component(std::string_view& path) {
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
    out.type = pop_component(target);
    pop_component(target);  // mdev_supported_types
    const std::string_view parent = pop_component(target);
    // The kernel makes an mdev a child of its parent, so the link is
    // "../mdev_supported_types/TYPE".
    pop_component(syspath);
    out.parent = parent.empty() || parent == ".." ? pop_component(syspath) : parent;
    return out;
}

}  // namespace sysfs

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/wire.hpp"

#include "binding/values_json.hpp"

namespace sysfs {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Error, code, operation, object, errnum, reason, hint)
}  // namespace sysfs

namespace binding {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Surround, host, group_types, group_names, warnings)

namespace {

constexpr int kCompact = -1;

/// Names of the kernel's are bytes: those that are no UTF-8 are replaced, never an exception.
std::string line_of(const nlohmann::json& value) {
    return value.dump(kCompact, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Surround Surround::of(const sysfs::Inventory& inventory) {
    Surround out{.host = inventory.host, .group_types = {}, .group_names = {},
                 .warnings = inventory.warnings};
    for (const auto& [id, group] : inventory.groups) {
        out.group_types[id] = group.type;
        if (!group.name.empty())
            out.group_names[id] = group.name;
    }
    return out;
}

void Surround::put_into(sysfs::Inventory& inventory) const {
    inventory.host = host;
    inventory.warnings = warnings;
    for (const auto& [id, type] : group_types) {
        inventory.groups[id].id = id;
        inventory.groups[id].type = type;
    }
    for (const auto& [id, name] : group_names)
        inventory.groups[id].name = name;
}

std::string to_wire(const sysfs::Device& device) { return line_of(device); }
std::string to_wire(const Surround& surround) { return line_of(surround); }
std::string to_wire(const sysfs::Drivers& drivers) { return line_of(drivers); }
std::string to_wire(const sysfs::Usage& usage) { return line_of(usage); }
std::string to_wire(const sysfs::Wanted& wanted) { return line_of(wanted); }
std::string to_wire(const std::vector<sysfs::DeviceId>& ids) { return line_of(ids); }
std::string to_wire(const sysfs::Error& error) { return line_of(error); }

template <typename T>
sysfs::Result<T> of_wire(const std::string& line) {
    try {
        return nlohmann::json::parse(line).get<T>();
    } catch (const nlohmann::json::exception& error) {
        return sysfs::fail(sysfs::Code::kInvalid, "understand", "a line from another process",
                           error.what());
    }
}

template sysfs::Result<sysfs::Device> of_wire(const std::string& line);
template sysfs::Result<Surround> of_wire(const std::string& line);
template sysfs::Result<sysfs::Drivers> of_wire(const std::string& line);
template sysfs::Result<sysfs::Usage> of_wire(const std::string& line);
template sysfs::Result<sysfs::Wanted> of_wire(const std::string& line);
template sysfs::Result<std::vector<sysfs::DeviceId>> of_wire(const std::string& line);
template sysfs::Result<sysfs::Error> of_wire(const std::string& line);

}  // namespace binding

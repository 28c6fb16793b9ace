// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/codec.hpp"

#include "binding/codec/field_lists.hpp"

namespace base {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Error, code, operation, object, errnum, reason,
                                                hint)
}  // namespace base

namespace binding {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(HostContext, host, group_types, group_names,
                                                warnings)

namespace {

constexpr int kCompact = -1;

/// Names of the kernel's are bytes: those that are no UTF-8 are replaced, never an exception.
std::string dump_line(const nlohmann::json& value) {
    return value.dump(kCompact, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

HostContext HostContext::from(const sysfs::Inventory& inventory) {
    HostContext out{.host = inventory.host,
                    .group_types = {},
                    .group_names = {},
                    .warnings = inventory.warnings};
    for (const auto& [id, group] : inventory.groups) {
        out.group_types[id] = group.type;
        if (!group.name.empty())
            out.group_names[id] = group.name;
    }
    return out;
}

void HostContext::apply_to(sysfs::Inventory& inventory) const {
    inventory.host = host;
    inventory.warnings = warnings;
    for (const auto& [id, type] : group_types) {
        inventory.groups[id].id = id;
        inventory.groups[id].type = type;
    }
    for (const auto& [id, name] : group_names)
        inventory.groups[id].name = name;
}

std::string encode(const sysfs::Device& device) {
    return dump_line(device);
}
std::string encode(const HostContext& context) {
    return dump_line(context);
}
std::string encode(const sysfs::Drivers& drivers) {
    return dump_line(drivers);
}
std::string encode(const sysfs::Usage& usage) {
    return dump_line(usage);
}
std::string encode(const sysfs::ScanOptions& wanted) {
    return dump_line(wanted);
}
std::string encode(const std::vector<sysfs::DeviceId>& ids) {
    return dump_line(ids);
}
std::string encode(const base::Error& error) {
    return dump_line(error);
}

template <typename T>
base::Result<T> decode(const std::string& line) {
    try {
        return nlohmann::json::parse(line).get<T>();
    } catch (const nlohmann::json::exception& error) {
        return base::fail(base::Code::kInvalid, "understand", "a line from another process",
                          error.what());
    }
}

template base::Result<sysfs::Device> decode(const std::string& line);
template base::Result<HostContext> decode(const std::string& line);
template base::Result<sysfs::Drivers> decode(const std::string& line);
template base::Result<sysfs::Usage> decode(const std::string& line);
template base::Result<sysfs::ScanOptions> decode(const std::string& line);
template base::Result<std::vector<sysfs::DeviceId>> decode(const std::string& line);
template base::Result<base::Error> decode(const std::string& line);

}  // namespace binding

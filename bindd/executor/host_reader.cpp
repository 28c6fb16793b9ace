// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/host_reader.hpp"

#include "bindd/executor/line_socket.hpp"
#include "binding/codec/codec.hpp"

namespace bindd {
namespace {

using base::propagate;
using base::Result;
using binding::decode;
using binding::encode;
using Emit = std::function<void(const std::string&)>;

Result<void> emit_drivers(sysfs::Kernel& kernel, const sysfs::ScanOptions& wanted,
                          const Emit& emit) {
    const auto drivers = kernel.drivers(wanted);
    if (!drivers)
        return propagate(drivers);
    emit("drivers\t" + encode(*drivers));
    return {};
}

void emit_inventory(const sysfs::Inventory& inventory, const Emit& emit) {
    for (const sysfs::Device& device : inventory.devices)
        emit("device\t" + encode(device));
    emit("around\t" + encode(binding::HostContext::from(inventory)));
}

Result<void> scan_host(sysfs::Kernel& kernel, const std::vector<std::string>& parts,
                       const Emit& emit) {
    const auto wanted = decode<sysfs::ScanOptions>(parts.at(1));
    if (!wanted)
        return propagate(wanted);
    const auto inventory = kernel.inventory(*wanted);
    if (!inventory)
        return propagate(inventory);
    emit_inventory(*inventory, emit);
    return emit_drivers(kernel, *wanted, emit);
}

Result<void> scan_devices(sysfs::Kernel& kernel, const std::vector<std::string>& parts,
                          const Emit& emit) {
    const auto ids = decode<std::vector<sysfs::DeviceId>>(parts.at(1));
    const auto wanted = decode<sysfs::ScanOptions>(parts.at(2));
    if (!ids || !wanted)
        return ids ? propagate(wanted) : propagate(ids);
    const auto found = kernel.devices(*ids, *wanted);
    if (!found)
        return propagate(found);
    emit_inventory(*found, emit);
    return parts.at(3) == "drivers" ? emit_drivers(kernel, *wanted, emit) : Result<void>();
}

Result<void> query_usage(sysfs::Kernel& kernel, const std::vector<std::string>& parts,
                         const Emit& emit) {
    sysfs::Inventory seen;
    std::vector<sysfs::DeviceId> ids;
    for (std::size_t at = 1; at < parts.size(); ++at) {
        auto device = decode<sysfs::Device>(parts[at]);
        if (!device)
            return propagate(device);
        ids.push_back(device->id);
        seen.devices.push_back(*std::move(device));
    }
    seen.rebuild_index();
    emit("usage\t" + encode(kernel.usage(seen, ids)));
    return {};
}

Result<void> handle_request(sysfs::Kernel& kernel, const std::vector<std::string>& parts,
                            const Emit& emit) {
    if (parts[0] == "look" && parts.size() == 2)
        return scan_host(kernel, parts, emit);
    if (parts[0] == "read" && parts.size() == 4)
        return scan_devices(kernel, parts, emit);
    if (parts[0] == "usage")
        return query_usage(kernel, parts, emit);
    return base::fail(base::Code::kInvalid, "read", parts[0], "no such request");
}

}  // namespace

std::string read_host(sysfs::Kernel& kernel, const std::string& request, const Emit& emit) {
    const auto done = handle_request(kernel, split_fields(request), emit);
    return done ? "=" : "=!" + encode(done.error());
}

}  // namespace bindd

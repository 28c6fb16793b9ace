// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/host_reader.hpp"

#include <utility>

#include "base/try.hpp"

namespace bindd {
namespace {

using base::Result;
using Emit = std::function<void(binding::Message)>;

struct HostReader {
    sysfs::Kernel& kernel;
    const Emit& emit;

    Result<void> operator()(const binding::ScanHost& request) const {
        emit_inventory(TRY(kernel.inventory(request.wanted)));
        return emit_drivers(request.wanted);
    }
    Result<void> operator()(const binding::ScanDevices& request) const {
        emit_inventory(TRY(kernel.devices(request.ids, request.wanted)));
        return request.drivers == binding::DriverScan::kInclude ? emit_drivers(request.wanted)
                                                                : Result<void>();
    }
    Result<void> operator()(const binding::QueryUsage& request) const {
        sysfs::Inventory seen;
        seen.devices = request.devices;
        std::vector<sysfs::DeviceId> ids;
        for (const sysfs::Device& device : request.devices)
            ids.push_back(device.id);
        seen.rebuild_index();
        emit(binding::UsageFound{kernel.usage(seen, ids)});
        return {};
    }
    template <typename Other>
    Result<void> operator()(const Other& other) const {
        return tl::unexpected(binding::unexpected_message(other));
    }

  private:
    void emit_inventory(const sysfs::Inventory& inventory) const {
        for (const sysfs::Device& device : inventory.devices)
            emit(binding::DeviceFound{device});
        emit(binding::ContextFound{binding::HostContext::from(inventory)});
    }
    Result<void> emit_drivers(const sysfs::ScanOptions& wanted) const {
        emit(binding::DriversFound{TRY(kernel.drivers(wanted))});
        return {};
    }
};

}  // namespace

binding::Message read_host(sysfs::Kernel& kernel, const binding::Message& request,
                           const Emit& emit) {
    const auto done = std::visit(HostReader{kernel, emit}, request);
    return done ? binding::Message(binding::Completed{})
                : binding::Message(binding::Failed{done.error()});
}

}  // namespace bindd

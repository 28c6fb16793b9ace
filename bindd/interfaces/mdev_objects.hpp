// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "bindd/bus/object_path.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "bindd/mdev_vtable.hpp"

namespace bindd {

class Requests;

/// The mediated devices, as org.bindd1.MediatedDevice. Each is a Device as well, which must be
/// announced before it.
class MdevObjects final : public FallbackObjects {
  public:
    MdevObjects(sd_bus* bus, const ControllerRunner& controller, Requests& requests,
                const DevicePaths& devices);

    /// These ignore devices that are not mediated devices.
    void appeared(const sysfs::DeviceId& id);
    void vanished(const sysfs::DeviceId& id);
    void changed(const sysfs::DeviceId& id);

  private:
    struct FoundMdev {
        const DevicePaths* devices = nullptr;
        Requests* requests = nullptr;
        const sysfs::Device* device = nullptr;
        [[nodiscard]] int append(MediatedDeviceProperty property, sd_bus_message* reply) const;
        [[nodiscard]] int call(MediatedDeviceMethod method, sd_bus_message* message) const;
    };
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;

    const ControllerRunner& controller_;
    FoundMdev found_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/bus/object_path.hpp"
#include "bindd/device_vtable.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

class Requests;

/// The methods of org.bindd1.Device. Most answers come after the call has returned: the message is
/// kept until then, the device is not.
class DeviceMethods {
  public:
    DeviceMethods(const ControllerRunner& controller, Requests& requests)
        : controller_(controller), requests_(requests) {}

    /// Returns what a handler of sd-bus does. The arguments have the types of the vtable.
    [[nodiscard]] int call(DeviceMethod method, const sysfs::DeviceId& id,
                           sd_bus_message* message) const;

  private:
    [[nodiscard]] int explain(const sysfs::DeviceId& id, sd_bus_message* call) const;

    const ControllerRunner& controller_;
    Requests& requests_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bindd/bus/object_path.hpp"
#include "bindd/device_vtable.hpp"
#include "bindd/interfaces/property_values.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "sysfs/device/hwdb.hpp"

namespace bindd {

class Inspection;
class Requests;

/// The devices of the host, as org.bindd1.Device.
class DeviceObjects final : public FallbackObjects {
  public:
    /// Why a device is claimed; empty if it is not.
    using ClaimedFor = std::function<std::string(const sysfs::DeviceId&)>;

    DeviceObjects(sd_bus* bus, const ControllerRunner& controller, Requests& requests,
                  Inspection& inspection, DevicePaths& paths, const sysfs::Root& root);
    void set_claim_lookup(ClaimedFor claimed_for) { claimed_for_ = std::move(claimed_for); }

    void appeared(const sysfs::DeviceId& id);
    void vanished(const sysfs::DeviceId& id);
    /// Signals the properties that differ from those signalled last.
    void changed(const sysfs::DeviceId& id);
    /// All changes of one scan have been published.
    void on_changes_published() { hardware_.close(); }

  private:
    /// One device, for the length of one call.
    struct FoundDevice {
        DeviceObjects* objects = nullptr;
        const sysfs::Device* device = nullptr;
        const policy::Decision* decision = nullptr;
        binding::DeviceState state;

        [[nodiscard]] int append(DeviceProperty property, sd_bus_message* reply) const {
            return append_value(
                reply, property == DeviceProperty::kReason ? shown_reason() : value(property));
        }
        [[nodiscard]] std::string shown_reason() const;
        [[nodiscard]] int call(DeviceMethod method, sd_bus_message* message) const {
            return objects->call(method, device->id, message);
        }
        [[nodiscard]] PropertyValue value(DeviceProperty property) const;
    };
    using Digests = std::array<std::uint32_t, kDeviceChanging.size()>;
    [[nodiscard]] static Digests compute_digests(const FoundDevice& found);

    /// Returns what a handler of sd-bus does. The arguments have the types of the vtable. Most
    /// answers come after the call has returned: the message is kept until then, the device is not.
    [[nodiscard]] int call(DeviceMethod method, const sysfs::DeviceId& id,
                           sd_bus_message* message) const;
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;

    const ControllerRunner& controller_;
    Requests& requests_;
    Inspection& inspection_;
    DevicePaths& paths_;
    ClaimedFor claimed_for_ = [](const sysfs::DeviceId&) { return std::string{}; };
    FoundDevice found_;
    sysfs::HardwareDatabase hardware_;
    std::map<sysfs::DeviceId, Digests> published_;  ///< of the values signalled last
};

}  // namespace bindd

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
#include "bindd/controller/controller.hpp"
#include "bindd/device_vtable.hpp"
#include "bindd/interfaces/fallback_objects.hpp"
#include "sysfs/device/hwdb.hpp"

namespace bindd {

class Requests;

/// The devices of the host, as org.bindd1.Device.
class DeviceObjects final : public FallbackObjects {
  public:
    /// Why a device is claimed; empty when it is not.
    using ClaimedFor = std::function<std::string(const sysfs::DeviceId&)>;

    DeviceObjects(sd_bus* bus, const Controller& controller, Requests& requests, DevicePaths& paths,
                  const sysfs::Root& root);
    void set_claim_lookup(ClaimedFor claimed_for) { claimed_for_ = std::move(claimed_for); }

    void appeared(const sysfs::DeviceId& id);
    void vanished(const sysfs::DeviceId& id);
    /// Tells of the properties that differ from what was told last.
    void changed(const sysfs::DeviceId& id);
    /// All of a look has been told.
    void on_changes_published() { hardware_.close(); }

    template <DeviceMethod M>
    static int call(sd_bus_message* message, void* userdata, sd_bus_error* error) {
        return guarded(error, [&] {
            return static_cast<DeviceFacts*>(userdata)->objects->call_method(M, message);
        });
    }
    template <DeviceProperty P>
    static int get(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/,
                   const char* /*property*/, sd_bus_message* reply, void* userdata,
                   sd_bus_error* error) {
        return guarded(error, [&] {
            const DeviceFacts& facts = *static_cast<DeviceFacts*>(userdata);
            return facts.objects->append(P, facts, reply);
        });
    }

  private:
    /// One device for the length of one call.
    struct DeviceFacts {
        DeviceObjects* objects = nullptr;
        const sysfs::Device* device = nullptr;
        const policy::Decision* decision = nullptr;
        binding::DeviceState state;
    };
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;
    [[nodiscard]] int call_method(DeviceMethod method, sd_bus_message* message);
    [[nodiscard]] int append(DeviceProperty property, const DeviceFacts& facts,
                             sd_bus_message* reply);
    [[nodiscard]] std::string property_text(DeviceProperty property, const DeviceFacts& facts);
    void reply_job(sd_bus_message* call, const std::string& path, DeviceMethod method);
    void reply_open(sd_bus_message* call, const std::string& path);
    [[nodiscard]] int reply_explain(sd_bus_message* call);

    /// What changes in a device's life.
    static constexpr std::array kChanging = {
        std::pair{DeviceProperty::kDriver, "Driver"},
        std::pair{DeviceProperty::kDriverOverride, "DriverOverride"},
        std::pair{DeviceProperty::kIommuGroup, "IommuGroup"},
        std::pair{DeviceProperty::kGroup, "Group"},
        std::pair{DeviceProperty::kNumaNode, "NumaNode"},
        std::pair{DeviceProperty::kBootVga, "BootVga"},
        std::pair{DeviceProperty::kVfio, "Vfio"},
        std::pair{DeviceProperty::kWanted, "Wanted"},
        std::pair{DeviceProperty::kState, "State"},
        std::pair{DeviceProperty::kReason, "Reason"},
        std::pair{DeviceProperty::kClaimedFor, "ClaimedFor"},
    };
    using Digests = std::array<std::uint32_t, kChanging.size()>;
    [[nodiscard]] Digests compute_digests(const DeviceFacts& facts);

    const Controller& controller_;
    Requests& requests_;
    DevicePaths& paths_;
    ClaimedFor claimed_for_ = [](const sysfs::DeviceId&) { return std::string{}; };
    DeviceFacts facts_;
    sysfs::HardwareDatabase hardware_;
    std::map<sysfs::DeviceId, Digests> published_;  ///< of the values that were told last
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bindd/bus_device_vtable.hpp"
#include "bindd/bus_family.hpp"
#include "bindd/bus_path.hpp"
#include "bindd/keeper.hpp"
#include "sysfs/hwdb.hpp"

namespace bindd {

class Requests;

/// The devices of the host, as org.bindd1.Device.
class DeviceFamily final : public Family {
  public:
    /// Why a device is claimed; empty when it is not.
    using ClaimedFor = std::function<std::string(const sysfs::DeviceId&)>;

    DeviceFamily(sd_bus* bus, const Keeper& keeper, Requests& requests, DevicePaths& paths,
                 const sysfs::Root& root);
    void tell_claims(ClaimedFor claimed_for) { claimed_for_ = std::move(claimed_for); }

    void appeared(const sysfs::DeviceId& id);
    void vanished(const sysfs::DeviceId& id);
    /// Tells of the properties that differ from what was told last.
    void changed(const sysfs::DeviceId& id);
    /// All of a look has been told.
    void rest() { hardware_.close(); }

    template <DeviceMethod M>
    static int call(sd_bus_message* message, void* userdata, sd_bus_error* error) {
        return guarded(error, [&] { return static_cast<Facts*>(userdata)->family->call_method(M, message); });
    }
    template <DeviceProperty P>
    static int get(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/,
                   const char* /*property*/, sd_bus_message* reply, void* userdata, sd_bus_error* error) {
        return guarded(error, [&] {
            const Facts& facts = *static_cast<Facts*>(userdata);
            return facts.family->append(P, facts, reply);
        });
    }

  private:
    /// One device for the length of one call.
    struct Facts {
        DeviceFamily* family = nullptr;
        const sysfs::Device* device = nullptr;
        const policy::Decision* decision = nullptr;
        binding::DeviceState state;
    };
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;
    [[nodiscard]] int call_method(DeviceMethod method, sd_bus_message* message);
    [[nodiscard]] int append(DeviceProperty property, const Facts& facts, sd_bus_message* reply);
    [[nodiscard]] std::string text_of(DeviceProperty property, const Facts& facts);
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
    [[nodiscard]] Digests digests_of(const Facts& facts);

    const Keeper& keeper_;
    Requests& requests_;
    DevicePaths& paths_;
    ClaimedFor claimed_for_ = [](const sysfs::DeviceId&) { return std::string{}; };
    Facts facts_;
    sysfs::HardwareDatabase hardware_;
    std::map<sysfs::DeviceId, Digests> told_;  ///< of the values that were told last
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bindd/bus/object_path.hpp"
#include "bindd/controller/controller.hpp"
#include "bindd/interfaces/fallback_objects.hpp"
#include "bindd/mdev_vtable.hpp"

namespace bindd {

/// The mediated devices, as org.bindd1.MediatedDevice. Each is a Device as well, told of
/// beforehand.
class MdevObjects final : public FallbackObjects {
  public:
    MdevObjects(sd_bus* bus, const Controller& controller, const DevicePaths& devices);

    void appeared(const sysfs::DeviceId& id);
    void vanished(const sysfs::DeviceId& id);
    void changed(const sysfs::DeviceId& id);

    template <MediatedDeviceProperty P>
    static int get(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/,
                   const char* /*property*/, sd_bus_message* reply, void* userdata,
                   sd_bus_error* error) {
        return guarded(error, [&] {
            const MdevFacts& facts = *static_cast<MdevFacts*>(userdata);
            return facts.objects->append(P, *facts.device, reply);
        });
    }

  private:
    struct MdevFacts {
        MdevObjects* objects = nullptr;
        const sysfs::Device* device = nullptr;
    };
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;
    [[nodiscard]] int append(MediatedDeviceProperty property, const sysfs::Device& device,
                             sd_bus_message* reply) const;

    const Controller& controller_;
    const DevicePaths& devices_;
    std::map<std::string, sysfs::DeviceId> known_;  ///< by path
    MdevFacts facts_;
};

}  // namespace bindd

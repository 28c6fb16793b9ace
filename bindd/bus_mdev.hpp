// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bindd/bus_family.hpp"
#include "bindd/bus_mdev_vtable.hpp"
#include "bindd/bus_path.hpp"
#include "bindd/keeper.hpp"

namespace bindd {

/// The mediated devices, as org.bindd1.MediatedDevice. Each is a Device as well, told of beforehand.
class MdevFamily final : public Family {
  public:
    MdevFamily(sd_bus* bus, const Keeper& keeper, const DevicePaths& devices);

    void appeared(const sysfs::DeviceId& id);
    void vanished(const sysfs::DeviceId& id);
    void changed(const sysfs::DeviceId& id);

    template <MediatedDeviceProperty P>
    static int get(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/,
                   const char* /*property*/, sd_bus_message* reply, void* userdata, sd_bus_error* error) {
        return guarded(error, [&] {
            const Facts& facts = *static_cast<Facts*>(userdata);
            return facts.family->append(P, *facts.device, reply);
        });
    }

  private:
    struct Facts {
        MdevFamily* family = nullptr;
        const sysfs::Device* device = nullptr;
    };
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;
    [[nodiscard]] int append(MediatedDeviceProperty property, const sysfs::Device& device,
                             sd_bus_message* reply) const;

    const Keeper& keeper_;
    const DevicePaths& devices_;
    std::map<std::string, sysfs::DeviceId> known_;  ///< by path
    Facts facts_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bindd/bus_family.hpp"
#include "bindd/bus_group_vtable.hpp"
#include "bindd/bus_path.hpp"
#include "bindd/keeper.hpp"

namespace bindd {

/// The IOMMU groups of the host, as org.bindd1.Group.
class GroupFamily final : public Family {
  public:
    GroupFamily(sd_bus* bus, const Keeper& keeper, const DevicePaths& devices);

    void appeared(int group);
    void vanished(int group);
    void changed(int group);

    template <GroupProperty P>
    static int get(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/,
                   const char* /*property*/, sd_bus_message* reply, void* userdata, sd_bus_error* error) {
        return guarded(error, [&] {
            const Facts& facts = *static_cast<Facts*>(userdata);
            return facts.family->append(P, *facts.group, reply);
        });
    }

  private:
    struct Facts {
        GroupFamily* family = nullptr;
        const sysfs::Group* group = nullptr;
    };
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;
    [[nodiscard]] int append(GroupProperty property, const sysfs::Group& group, sd_bus_message* reply) const;
    [[nodiscard]] int append_devices(const sysfs::Group& group, sd_bus_message* reply) const;
    [[nodiscard]] int append_blockers(const sysfs::Group& group, sd_bus_message* reply) const;
    [[nodiscard]] std::string path_of(const sysfs::DeviceId& id) const;

    const Keeper& keeper_;
    const DevicePaths& devices_;
    std::set<int> known_;
    Facts facts_;
};

}  // namespace bindd

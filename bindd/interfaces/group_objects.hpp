// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bindd/bus/object_path.hpp"
#include "bindd/controller/controller.hpp"
#include "bindd/group_vtable.hpp"
#include "bindd/interfaces/fallback_objects.hpp"

namespace bindd {

/// The IOMMU groups of the host, as org.bindd1.Group.
class GroupObjects final : public FallbackObjects {
  public:
    GroupObjects(sd_bus* bus, const Controller& controller, const DevicePaths& devices);

    void appeared(int group);
    void vanished(int group);
    void changed(int group);

    template <GroupProperty P>
    static int get(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/,
                   const char* /*property*/, sd_bus_message* reply, void* userdata,
                   sd_bus_error* error) {
        return guarded(error, [&] {
            const GroupFacts& facts = *static_cast<GroupFacts*>(userdata);
            return facts.objects->append(P, *facts.group, reply);
        });
    }

  private:
    struct GroupFacts {
        GroupObjects* objects = nullptr;
        const sysfs::Group* group = nullptr;
    };
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;
    [[nodiscard]] int append(GroupProperty property, const sysfs::Group& group,
                             sd_bus_message* reply) const;
    [[nodiscard]] int append_devices(const sysfs::Group& group, sd_bus_message* reply) const;
    [[nodiscard]] int append_blockers(const sysfs::Group& group, sd_bus_message* reply) const;
    [[nodiscard]] std::string device_path(const sysfs::DeviceId& id) const;

    const Controller& controller_;
    const DevicePaths& devices_;
    std::set<int> known_;
    GroupFacts facts_;
};

}  // namespace bindd

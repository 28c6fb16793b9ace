// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "bindd/bus/object_path.hpp"
#include "bindd/group_vtable.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

/// The IOMMU groups of the host, as org.bindd1.Group.
class GroupObjects final : public FallbackObjects {
  public:
    GroupObjects(sd_bus* bus, const ControllerRunner& controller, const DevicePaths& devices);

    void appeared(int group);
    void vanished(int group);
    void changed(int group);

  private:
    struct FoundGroup {
        const ControllerRunner* controller = nullptr;
        const DevicePaths* devices = nullptr;
        const sysfs::Group* group = nullptr;
        [[nodiscard]] int append(GroupProperty property, sd_bus_message* reply) const;
        [[nodiscard]] int append_devices(sd_bus_message* reply) const;
        [[nodiscard]] int append_blockers(sd_bus_message* reply) const;
    };
    [[nodiscard]] void* find(const std::string& path) override;
    [[nodiscard]] std::vector<std::string> paths() const override;

    const ControllerRunner& controller_;
    FoundGroup found_;
};

}  // namespace bindd

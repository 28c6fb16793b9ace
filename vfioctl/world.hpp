// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "binding/report.hpp"
#include "policy/plan.hpp"
#include "vfioctl/failure.hpp"
#include "vfioctl/session.hpp"

namespace vfioctl {

/// One look at a host and what follows from it, in the order of the pipeline: policies and inventory
/// (see_host), drivers and decisions (decide), who uses what, and the plan (make_plan). Commands go as
/// far along it as they need. Decisions point into `policies`: moved as a whole, never copied.
struct World {
    World() = default;
    World(World&&) = default;
    World& operator=(World&&) = default;
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() = default;

    policy::PolicySet policies;
    sysfs::Inventory inventory;
    sysfs::Drivers drivers;
    policy::Decisions decisions;
    sysfs::Usage usage;
    policy::Plan plan;
    std::vector<std::string> warnings;  ///< each a sentence, said once on stderr already
    std::map<sysfs::DeviceId, std::size_t> transaction_of;  ///< index into the plan, by make_plan
    binding::LatestHistory latest;  ///< what was last done to a device
    std::map<sysfs::DeviceId, binding::DeviceState> told;     ///< of failed and stuck ones, by the daemon

    [[nodiscard]] const policy::Decision* decision(const sysfs::DeviceId& id) const;
    [[nodiscard]] const policy::Transaction* transaction(const sysfs::DeviceId& id) const;
    /// Where the device stands: bound, pending, refused, ... and why.
    [[nodiscard]] binding::DeviceState state(const sysfs::Device& device) const;
};

/// What a bad policy file means: a command that acts on policies fails with its diagnostics; one that only
/// shows devices says so and shows them as unmanaged, unless the user named the policies himself.
enum class BadPolicy { kFails, kWarns };

/// Policies and inventory.
[[nodiscard]] Outcome<World> see_host(Session& session, const sysfs::Wanted& extra, BadPolicy bad);
/// What was last done to each device that is not as it is wanted, for its state: when the plan is made.
void recall(Session& session, World& world);
/// What the policies and these requests say of each device.
[[nodiscard]] Outcome<void> decide(Session& session, World& world, const sysfs::Wanted& extra = {},
                                   const std::vector<policy::Request>& requests = {});

/// Looking who uses a device walks /proc; a list does without and so cannot tell that a device which is
/// wanted is in use.
enum class UseScan { kSkip, kLook };
void make_plan(Session& session, World& world, UseScan scan, const policy::Lifted& lifted = {});

/// A brief look leaves out what no plan asks for: devices of buses that no rule speaks of, unless
/// VFIO could have them.
enum class Look { kBrief, kWhole };

/// All three, as `plan` and `apply` need them.
[[nodiscard]] Outcome<World> see_and_plan(Session& session, Look look);

/// The devices that these words mean, each once, in the order given. A word that means none: kNoDevice.
[[nodiscard]] Outcome<std::vector<sysfs::DeviceId>> devices_of(const World& world,
                                                               const std::vector<std::string>& words);

/// Notes that have been said already, for JSON.
void append(std::vector<std::string>& warnings, const std::vector<std::string>& notes);

/// Says `sentence` on stderr as a warning and remembers it for JSON.
void warn(Session& session, World& world, const std::string& sentence);

}  // namespace vfioctl

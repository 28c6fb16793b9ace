// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bindd/group_state.hpp"
#include "bindd/job.hpp"
#include "bindd/observer.hpp"
#include "bindd/opened.hpp"
#include "bindd/untouchable.hpp"
#include "bindd/view.hpp"
#include "sysfs/result.hpp"

namespace bindd {

/// Keeps the host as declared: the daemon's model of it, and the one road for everything that changes it.
/// Never blocks: kernel and host are looked at and written to by the executor, another process. All calls
/// come from the thread of the event loop.
class Keeper {
  public:
    Keeper() = default;
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;
    Keeper(Keeper&&) = delete;
    Keeper& operator=(Keeper&&) = delete;
    virtual ~Keeper() = default;

    [[nodiscard]] virtual const View& view() const = 0;
    /// With what only the daemon knows: held by hand, drifted, under way, stuck.
    [[nodiscard]] virtual binding::DeviceState state(const sysfs::Device& device) const = 0;
    [[nodiscard]] virtual GroupState group_state(int group) const = 0;
    /// Devices per state of the interface ("bound" → 3); every state is there.
    [[nodiscard]] virtual std::map<std::string, unsigned> counts() const = 0;
    [[nodiscard]] virtual std::vector<StuckDevice> stuck() const = 0;

    /// Where lock, journal and history are; what else the daemon keeps below it is its own.
    [[nodiscard]] virtual const binding::StateDir& state_dir() const = 0;

    /// Who uses these devices now.
    virtual void usage(std::vector<sysfs::DeviceId> devices,
                       std::function<void(sysfs::Result<sysfs::Usage>)> done) = 0;

    /// The JSON that vfioctl prints for the same question, without its envelope.
    [[nodiscard]] virtual std::string plan_json() const = 0;
    [[nodiscard]] virtual sysfs::Result<std::string> explain_json(const sysfs::DeviceId& id) const = 0;

    /// A job to watch, or why there is none at once: kNotFound for a device that is not there, kBusy or
    /// kTimeout (stuck) for one that cannot be worked on. Everything else shows in the job's end.
    [[nodiscard]] virtual sysfs::Result<JobId> submit(Request request) = 0;
    /// Nothing once it has been forgotten, some time after its end.
    [[nodiscard]] virtual const Job* job(JobId id) const = 0;
    [[nodiscard]] virtual std::vector<JobId> jobs() const = 0;
    /// Not begun yet: it ends as kFailed, cancelled. kBusy once it is at work.
    [[nodiscard]] virtual sysfs::Result<void> cancel(JobId id) = 0;
    /// Reads the policy files anew. A bad set keeps the one in force; its diagnostics are the error's
    /// reason, rendered. Reconciling with a new set goes on after the call.
    [[nodiscard]] virtual sysfs::Result<void> reload(const Asker& asker) = 0;

    /// What the executor opens for a VMM that has no right to: fds with what each is ("group",
    /// "container", "cdev", "iommufd").
    struct OpenRequest {
        sysfs::DeviceId device;
        std::string backend;  ///< as `probe --backend`; empty: the best there is
    };
    using Opened = OpenedDevice;
    virtual void open(OpenRequest request, std::function<void(sysfs::Result<Opened>)> done) = 0;

    virtual void observe(Observer& observer) = 0;
    virtual void forget(Observer& observer) = 0;
};

}  // namespace bindd

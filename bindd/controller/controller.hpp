// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "bindd/controller/group_state.hpp"
#include "bindd/controller/job.hpp"
#include "bindd/controller/observer.hpp"
#include "bindd/controller/quarantined_devices.hpp"
#include "bindd/controller/view.hpp"
#include "bindd/executor/fd_passing.hpp"

namespace bindd {

/// Keeps the host as declared: the daemon's model of it, and the one road for everything that
/// changes it. Never blocks: kernel and host are looked at and written to by the executor, another
/// process. All calls come from the thread of the event loop.
class Controller {
  public:
    Controller() = default;
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;
    Controller(Controller&&) = delete;
    Controller& operator=(Controller&&) = delete;
    virtual ~Controller() = default;

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
                       std::function<void(base::Result<sysfs::Usage>)> done) = 0;

    /// The JSON that vfioctl prints for the same question, without its envelope.
    [[nodiscard]] virtual std::string plan_json() const = 0;
    [[nodiscard]] virtual base::Result<std::string> explain_json(
        const sysfs::DeviceId& id) const = 0;

    /// A job to watch, or why there is none at once: kNotFound for a device that is not there,
    /// kBusy or kTimeout (stuck) for one that cannot be worked on. Everything else shows in the
    /// job's end.
    [[nodiscard]] virtual base::Result<JobId> submit(JobRequest request) = 0;
    /// Nothing once it has been forgotten, some time after its end.
    [[nodiscard]] virtual const Job* job(JobId id) const = 0;
    [[nodiscard]] virtual std::vector<JobId> jobs() const = 0;
    /// Not begun yet: it ends as kFailed, cancelled. kBusy once it is at work.
    [[nodiscard]] virtual base::Result<void> cancel(JobId id) = 0;
    /// Reads the policy files anew. A bad set keeps the one in force; its diagnostics are the
    /// error's reason, rendered. Reconciling with a new set goes on after the call.
    [[nodiscard]] virtual base::Result<void> reload(const Requester& requester) = 0;

    /// What the executor opens for a VMM that has no right to: fds with what each is ("group",
    /// "container", "cdev", "iommufd").
    struct OpenRequest {
        sysfs::DeviceId device;
        std::string backend;  ///< as `probe --backend`; empty: the best there is
    };
    virtual void open(OpenRequest request,
                      std::function<void(base::Result<OpenedDevice>)> done) = 0;

    virtual void subscribe(Observer& observer) = 0;
    virtual void unsubscribe(Observer& observer) = 0;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/non_copyable.hpp"
#include "bindd/controller/observer.hpp"
#include "bindd/controller/publication.hpp"
#include "bindd/controller/step.hpp"
#include "bindd/loop/event_loop.hpp"
#include "bindd/loop/executor_client.hpp"
#include "bindd/loop/journal_log.hpp"
#include "binding/journal/journal_reader.hpp"

namespace bindd {

struct ControllerDependencies {
    sd_event* event = nullptr;
    ExecutorClient& executor;
    EventSource& events;
    const Log& log;
    binding::StateDir state;
    std::vector<std::string> policy_paths;
    std::chrono::milliseconds timeout{60'000};  ///< of the daemon's own transactions, per write
    ApplyMode apply_mode = ApplyMode::kAutomatic;
};

/// Runs the pure controller (controller/step.hpp) on the event loop: owns its state, feeds it what
/// happens, and executes the effects in order. Never blocks: only the executor, another process,
/// reads and writes the host. All calls come from the thread of the event loop.
class ControllerRunner : base::NonCopyable {
  public:
    explicit ControllerRunner(ControllerDependencies deps);

    /// Reads the policies, recovers interrupted transactions, then scans and reconciles the host.
    void start();
    /// Called once, when the first reconciliation is complete or takes long.
    void on_ready(std::function<void()> call) { on_ready_ = std::move(call); }
    /// Called with the driver_override files of the managed devices, whenever these change.
    void on_managed_overrides(std::function<void(const std::set<std::string>&)> call) {
        on_managed_overrides_ = std::move(call);
    }
    void on_policy_files_changed() { feed(PolicyFilesChanged{}); }
    void on_override_written(const std::string& file) { feed(OverrideWritten{file}); }

    [[nodiscard]] bool is_ready() const { return state_.is_ready(); }
    [[nodiscard]] ApplyMode apply_mode() const { return state_.apply_mode; }
    [[nodiscard]] const View& view() const { return state_.view; }
    [[nodiscard]] binding::DeviceState state(
        const sysfs::Device& device, Disclosure disclosure = Disclosure::kEverything) const {
        return redact(device_state(state_, device), device, state_.view.transaction(device.id),
                      disclosure);
    }
    [[nodiscard]] GroupState group_state(int group) const {
        return bindd::group_state(state_, group);
    }
    [[nodiscard]] std::map<std::string, unsigned> counts() const { return device_counts(state_); }
    [[nodiscard]] std::vector<StuckDevice> stuck() const { return state_.quarantine.list(); }
    [[nodiscard]] base::Result<std::string> explain_json(const sysfs::DeviceId& id,
                                                         Disclosure disclosure) const {
        return bindd::explain_json(state_.view, id, disclosure);
    }
    /// Where the journal is; other files of the daemon are below it as well.
    [[nodiscard]] const binding::StateDir& state_dir() const { return deps_.state; }

    /// Who uses these devices now.
    void usage(std::vector<sysfs::DeviceId> devices,
               std::function<void(base::Result<sysfs::Usage>)> done);
    /// The number of the new job, or why there is none: kNotFound for an absent device, kTimeout
    /// for a stuck one. Every other failure is the job's.
    [[nodiscard]] base::Result<JobId> submit(JobRequest request);
    /// Would a job of this request wait for another change?
    [[nodiscard]] bool must_wait(const JobRequest& request) const;
    /// nullptr once it has been forgotten, some time after its end.
    [[nodiscard]] const Job* job(JobId id) const;
    /// A waiting job ends as failed. kBusy once it has begun.
    [[nodiscard]] base::Result<void> cancel(JobId id);
    /// Nothing but the end of a claim changes these devices.
    void set_claims(Claims claims) { feed(ClaimsChanged{std::move(claims)}); }
    /// Reads the policy files again. The reason of kInvalid is the rendered diagnostics of a set
    /// that is not put in force. The scan under a new set continues after the call.
    [[nodiscard]] base::Result<void> reload(ReloadCause cause = ReloadCause::kRequest);

    /// Reads policy files that have just been written at once: a request that follows an edit must
    /// not be answered from the set before it. Returns the errors of the files; empty: in force.
    const std::string& read_changed_policies();

    /// What the executor opens for a VMM without the privilege: fds with their names ("group",
    /// "container", "cdev", "iommufd").
    struct OpenRequest {
        sysfs::DeviceId device;
        std::string backend;  ///< as `probe --backend`; empty: the best available
    };
    void open(OpenRequest request, std::function<void(base::Result<OpenedDevice>)> done);

    void subscribe(Observer& observer) { observers_.push_back(&observer); }
    void unsubscribe(Observer& observer) { std::erase(observers_, &observer); }

  private:
    struct EffectRunner;

    void feed(Input input);
    void on_notice(binding::Message notice);
    void save_policies();

    ControllerDependencies deps_;
    ControllerState state_;
    binding::JournalReader journal_;
    std::string manual_state_file_;
    std::string policies_file_;  ///< the last valid set
    std::string saved_generation_;
    std::vector<Observer*> observers_;
    std::function<void()> on_ready_;
    std::function<void(const std::set<std::string>&)> on_managed_overrides_;
    std::map<RequestId, std::function<void(base::Result<sysfs::Usage>)>> usage_callers_;
    RequestId last_usage_token_ = 0;
    std::array<Timer, static_cast<std::size_t>(TimerId::kReload) + 1> timers_;
};

}  // namespace bindd

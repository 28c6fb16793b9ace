// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bindd/controller/change_notifier.hpp"
#include "bindd/controller/coalescer.hpp"
#include "bindd/controller/controller.hpp"
#include "bindd/controller/controller_dependencies.hpp"
#include "bindd/controller/group_status.hpp"
#include "bindd/controller/host_event.hpp"
#include "bindd/controller/host_scanner.hpp"
#include "bindd/controller/job_queue.hpp"
#include "bindd/controller/manual_state.hpp"
#include "bindd/controller/quarantined_devices.hpp"
#include "bindd/controller/readiness.hpp"
#include "bindd/loop/event_loop.hpp"
#include "bindd/loop/policy_loader.hpp"
#include "binding/journal/journal_reader.hpp"

namespace bindd {

/// The controller that the daemon runs. One road for all: something is stirred (an event, the
/// start, a policy set, a request); after a moment of quiet its devices are read, everything is
/// decided and planned anew (that is cheap and pure), and the groups that are not as wanted are
/// carried out, unless something says to leave them: a hand mark, a drift that is only reported, a
/// failure that nothing has changed since. What it keeps is in its parts; it says when.
class HostController final : public Controller {
  public:
    explicit HostController(ControllerDependencies deps);

    /// Reads the policies, has what was interrupted undone, looks at the host and reconciles it.
    void start();
    /// Once the start's reconcile is through (or takes long).
    void on_ready(std::function<void()> call) { on_ready_ = std::move(call); }
    /// Policy files may have changed.
    void on_policy_files_changed();
    /// The driver_override files of the devices that are ours, whenever these change; and that one
    /// of them was written, by whomever.
    void on_managed_overrides(std::function<void(const std::set<std::string>&)> call) {
        on_managed_overrides_ = std::move(call);
    }
    void on_override_written(const std::string& file);
    [[nodiscard]] bool is_ready() const { return readiness_.is_ready(); }

    [[nodiscard]] const View& view() const override { return view_; }
    [[nodiscard]] binding::DeviceState state(const sysfs::Device& device) const override;
    [[nodiscard]] GroupState group_state(int group) const override;
    [[nodiscard]] std::map<std::string, unsigned> counts() const override;
    [[nodiscard]] std::vector<StuckDevice> stuck() const override;
    [[nodiscard]] const binding::StateDir& state_dir() const override { return deps_.state; }
    void usage(std::vector<sysfs::DeviceId> devices,
               std::function<void(base::Result<sysfs::Usage>)> done) override;
    [[nodiscard]] std::string plan_json() const override;
    [[nodiscard]] base::Result<std::string> explain_json(const sysfs::DeviceId& id) const override;
    [[nodiscard]] base::Result<JobId> submit(JobRequest request) override;
    [[nodiscard]] const Job* job(JobId id) const override;
    [[nodiscard]] std::vector<JobId> jobs() const override;
    [[nodiscard]] base::Result<void> cancel(JobId id) override;
    [[nodiscard]] base::Result<void> reload(const Requester& requester) override;
    void open(OpenRequest request, std::function<void(base::Result<OpenedDevice>)> done) override;
    void subscribe(Observer& observer) override;
    void unsubscribe(Observer& observer) override;

  private:
    using DeviceIds = HostScanner::DeviceIds;
    enum class JournalChange { kOwn, kForeign };

    // What comes from outside (host_events.cpp).
    void on_event(const HostEvent& event);
    void on_plugged(const sysfs::DeviceId& id);
    void advance(const std::string& key, GroupEvent event);
    void request_recovery();
    void on_executor_notice(const binding::Message& message);
    void on_protocol_error(const base::Error& error);
    void on_interrupted(const binding::BeginRecord& begun);
    void quarantine_devices(const std::string& txn, const std::string& why,
                            const std::vector<sysfs::Device>& devices);
    void on_hung_read(const binding::ReadStuck& stuck);
    void on_recovered(const binding::RecoveryEnded& ended);
    void refresh_journal_state(JournalChange change);
    void publish_managed_overrides();
    void adopt_policies(LoadedPolicies policies);
    void report_policies_loaded(const std::vector<policy::Diagnostic>& diagnostics);
    [[nodiscard]] base::Result<void> reject_policies(const LoadedPolicies& policies);

    // Looking (host_look.cpp).
    void scan_all();
    void schedule_scan(const std::string& key);
    void schedule_wakeup();
    void scan_due();
    [[nodiscard]] DeviceIds take_dirty(const std::set<std::string>& keys);
    void on_scanned(const DeviceIds& ids, const View::Difference& difference);
    void mark_physical_functions_dirty(const View::Difference& difference);

    // Settling (host_settle.cpp).
    void assess();
    void evaluate_groups();
    void evaluate_group(const std::string& key, const std::vector<std::size_t>& transactions,
                        std::vector<std::size_t>& to_execute);
    [[nodiscard]] std::string skip_reason(GroupStatus& status,
                                          const policy::Transaction& transaction);
    [[nodiscard]] bool is_drift(const GroupStatus& status,
                                const policy::Transaction& transaction) const;
    [[nodiscard]] std::vector<policy::Transaction> restore_lost_overrides();
    void reconcile(std::vector<policy::Transaction> transactions);
    void save_manual_state();
    void notify_changes();
    void become_ready_if_idle();

    // Jobs (host_jobs.cpp, host_carry.cpp).
    void start_due_jobs();
    void start_job(QueuedJob& queued);
    void start_apply(JobId id);
    void start_manual(JobId id);
    void plan_bind(JobId id);
    void plan_release(JobId id);
    void on_planned(JobId id, policy::Plan plan);
    [[nodiscard]] base::Result<std::set<std::string>> groups_for(const JobRequest& request) const;
    void execute_plan(QueuedJob& queued);
    void execute_transaction(QueuedJob& queued, std::size_t at);
    void on_transaction_ended(JobId id, std::size_t at, const std::string& txn);
    void record_manual_change(const QueuedJob& queued, const policy::Transaction& transaction);
    void finish_jobs();
    void finish_job(QueuedJob& queued, Ending ending);
    void fail_job(JobId id, const base::Error& error);

    ControllerDependencies deps_;
    View view_;
    QuarantinedDevices quarantine_;
    HostScanner scanner_;
    JobQueue jobs_;
    ChangeNotifier notifier_;
    binding::JournalReader journal_;
    ManualState manual_state_;
    std::map<std::string, GroupStatus> groups_;
    Coalescer coalescer_;
    unsigned last_scan_request_ = 0;
    std::set<sysfs::DeviceId> dirty_;            ///< to be read
    std::set<sysfs::DeviceId> pending_forgets_;  ///< went away; the journal is being told
    std::string last_rejection_;  ///< what was last said of policy files that are not in force
    bool scanned_ = false;        ///< at the whole host, once
    bool usage_query_pending_ = false;
    bool assess_again_ = false;
    std::function<void()> on_ready_;
    std::function<void(const std::set<std::string>&)> on_managed_overrides_;
    Readiness readiness_;
    Timer wakeup_timer_;
    Timer job_timer_;
    Timer reload_timer_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "binding/journal_reader.hpp"
#include "bindd/audience.hpp"
#include "bindd/coalescer.hpp"
#include "bindd/group_track.hpp"
#include "bindd/hand_marks.hpp"
#include "bindd/host_event.hpp"
#include "bindd/job_queue.hpp"
#include "bindd/keeper.hpp"
#include "bindd/keeper_parts.hpp"
#include "bindd/lookout.hpp"
#include "bindd/loop.hpp"
#include "bindd/policy_reading.hpp"
#include "bindd/readiness.hpp"
#include "bindd/untouchable.hpp"

namespace bindd {

/// The keeper that the daemon runs. One road for all: something is stirred (an event, the start, a policy set, a
/// request); after a moment of quiet its devices are read, everything is decided and planned anew (that is cheap and
/// pure), and the groups that are not as wanted are carried out, unless something says to leave them: a hand mark,
/// a drift that is only reported, a failure that nothing has changed since. What it keeps is in its parts; it says when.
class HostKeeper final : public Keeper {
  public:
    explicit HostKeeper(KeeperParts parts);

    /// Reads the policies, has what was interrupted undone, looks at the host and reconciles it.
    void start();
    /// Once the start's reconcile is through (or takes long).
    void on_ready(std::function<void()> call) { on_ready_ = std::move(call); }
    /// Policy files may have changed.
    void policies_touched();
    /// The driver_override files of the devices that are ours, whenever these change; and that one of them was
    /// written, by whomever.
    void on_ours(std::function<void(const std::set<std::string>&)> call) { on_ours_ = std::move(call); }
    void override_written(const std::string& file);
    [[nodiscard]] bool is_ready() const { return readiness_.is_ready(); }

    [[nodiscard]] const View& view() const override { return view_; }
    [[nodiscard]] binding::DeviceState state(const sysfs::Device& device) const override;
    [[nodiscard]] GroupState group_state(int group) const override;
    [[nodiscard]] std::map<std::string, unsigned> counts() const override;
    [[nodiscard]] std::vector<StuckDevice> stuck() const override;
    [[nodiscard]] const binding::StateDir& state_dir() const override { return parts_.state; }
    void usage(std::vector<sysfs::DeviceId> devices,
               std::function<void(sysfs::Result<sysfs::Usage>)> done) override;
    [[nodiscard]] std::string plan_json() const override;
    [[nodiscard]] sysfs::Result<std::string> explain_json(const sysfs::DeviceId& id) const override;
    [[nodiscard]] sysfs::Result<JobId> submit(Request request) override;
    [[nodiscard]] const Job* job(JobId id) const override;
    [[nodiscard]] std::vector<JobId> jobs() const override;
    [[nodiscard]] sysfs::Result<void> cancel(JobId id) override;
    [[nodiscard]] sysfs::Result<void> reload(const Asker& asker) override;
    void open(OpenRequest request, std::function<void(sysfs::Result<Opened>)> done) override;
    void observe(Observer& observer) override;
    void forget(Observer& observer) override;

  private:
    using Ids = Lookout::Ids;
    enum class Whose { kOurs, kAnyones };

    // What comes from outside (host_events.cpp).
    void event(const HostEvent& event);
    void plugged(const sysfs::DeviceId& id);
    void stir(const std::string& key, GroupEvent event);
    void recover();
    void notice(const std::vector<std::string>& parts);
    void interrupted(const std::string& record);
    void set_aside(const std::string& txn, const std::string& why, const std::vector<sysfs::Device>& devices);
    void hanging(const std::string& look, const std::vector<std::string>& lines);
    void recovered(const std::string& txn, const std::string& what, const std::string& note);
    void refresh_ledger(Whose change);
    void tell_ours();
    void take_up(PolicyReading policies);
    void tell_loaded(const std::vector<policy::Diagnostic>& diagnostics);
    [[nodiscard]] sysfs::Result<void> reject(const PolicyReading& policies);

    // Looking (host_look.cpp).
    void look_at_all();
    void look_at(const std::string& key);
    void wake();
    void look_at_due();
    [[nodiscard]] Ids take_dirty(const std::set<std::string>& keys);
    void took(const Ids& ids, const View::Difference& difference);
    void stir_physical_functions(const View::Difference& difference);

    // Settling (host_settle.cpp).
    void assess();
    void settle();
    void judge(const std::string& key, const std::vector<std::size_t>& transactions,
               std::vector<std::size_t>& to_carry);
    [[nodiscard]] std::string why_not(GroupTrack& track, const policy::Transaction& transaction);
    [[nodiscard]] bool is_drift(const GroupTrack& track, const policy::Transaction& transaction) const;
    [[nodiscard]] std::vector<policy::Transaction> lost_overrides();
    void reconcile(std::vector<policy::Transaction> transactions);
    void save_marks();
    void publish();
    void ready_if_settled();

    // Jobs (host_jobs.cpp, host_carry.cpp).
    void pump();
    void begin(QueuedJob& queued);
    void begin_apply(JobId id);
    void begin_by_hand(JobId id);
    void plan_bind(JobId id);
    void plan_release(JobId id);
    void planned(JobId id, policy::Plan plan);
    [[nodiscard]] sysfs::Result<std::set<std::string>> groups_of(const Request& request) const;
    void carry(QueuedJob& queued);
    void carry_one(QueuedJob& queued, std::size_t at);
    void transaction_ended(JobId id, std::size_t at, const std::string& txn);
    void mark_by_hand(const QueuedJob& queued, const policy::Transaction& transaction);
    void finish_settled();
    void end(QueuedJob& queued, Ending ending);
    void fail(JobId id, const sysfs::Error& error);

    KeeperParts parts_;
    View view_;
    Untouchable untouchable_;
    Lookout lookout_;
    JobQueue jobs_;
    Audience audience_;
    binding::JournalReader journal_;
    HandMarks marks_;
    std::map<std::string, GroupTrack> tracks_;
    Coalescer coalescer_;
    unsigned last_stir_ = 0;
    std::set<sysfs::DeviceId> dirty_;       ///< to be read
    std::set<sysfs::DeviceId> forgetting_;  ///< went away; the journal is being told
    std::string rejected_;  ///< what was last said of policy files that are not in force
    bool looked_ = false;   ///< at the whole host, once
    bool asking_usage_ = false;
    bool assess_again_ = false;
    std::function<void()> on_ready_;
    std::function<void(const std::set<std::string>&)> on_ours_;
    Readiness readiness_;
    Timer wake_;
    Timer soon_;
    Timer reload_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "binding/journal_reader.hpp"
#include "bindd/coalescer.hpp"
#include "bindd/executor_link.hpp"
#include "bindd/group_track.hpp"
#include "bindd/hand_marks.hpp"
#include "bindd/host_event.hpp"
#include "bindd/keeper.hpp"
#include "bindd/log.hpp"
#include "bindd/look_order.hpp"
#include "bindd/loop.hpp"
#include "policy/parse.hpp"

namespace bindd {

/// What the keeper works with.
struct KeeperParts {
    sd_event* event = nullptr;
    ExecutorLink& executor;
    EventSource& events;
    const Log& log;
    binding::StateDir state;
    std::vector<std::string> policy_paths;
    std::chrono::milliseconds timeout{60'000};  ///< of the daemon's own transactions, per write
};

/// The keeper that the daemon runs. One road for all: something is stirred (an event, the start, a policy set, a
/// request); after a moment of quiet its devices are read, everything is decided and planned anew (that is cheap and
/// pure), and the groups that are not as wanted are carried out, unless something says to leave them: a hand mark,
/// a drift that is only reported, a failure that nothing has changed since.
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
    [[nodiscard]] bool is_ready() const { return ready_; }

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
    using Time = Coalescer::Time;
    using Looked = std::function<void(sysfs::Result<View::Look>)>;
    using Seen = std::function<void(const sysfs::Result<View::Difference>&)>;
    /// A job on its way, and what it still waits for.
    struct Way {
        Job job;
        std::set<std::string> groups;              ///< that it has to itself; `all_groups` for every one
        bool all_groups = false;
        std::size_t under_way = 0;                 ///< transactions with the executor
        std::set<std::string> settling;            ///< groups to be looked at before it has ended
        std::optional<Time> ended_at;
    };
    /// A transaction that did not come back.
    struct Stuck {
        std::set<sysfs::DeviceId> devices;
        std::string why;
    };

    using Ids = std::vector<sysfs::DeviceId>;
    using Done = std::function<void(const sysfs::Result<void>&)>;

    // Looking (host_look.cpp).
    void recover();
    void look(Seen seen);
    void read(const Ids& ids, const sysfs::Wanted& what, Seen seen);
    void collect(const std::string& request, Looked looked);
    void with_usage(Ids ids, Done done);
    void look_at_all();
    void tell_udev();
    void look_at(const std::string& key);
    void saw(const std::map<std::string, unsigned>& stirs);
    void wake();
    void look_at_due();
    [[nodiscard]] Ids take_dirty(const std::set<std::string>& keys);
    void took(const Ids& ids, const View::Difference& difference);
    void stir_physical_functions(const View::Difference& difference);
    [[nodiscard]] sysfs::Wanted wanted() const;
    [[nodiscard]] std::set<sysfs::DeviceId> unreadable() const;

    // What comes from outside (host_events.cpp).
    void event(const HostEvent& event);
    void plugged(const sysfs::DeviceId& id);
    void stir(const std::string& key, GroupEvent event);
    void notice(const std::vector<std::string>& parts);
    void interrupted(const std::string& record);
    void set_aside(const std::string& txn, const std::string& why, const std::vector<sysfs::Device>& devices);
    void hanging(const std::string& look, const std::vector<std::string>& lines);
    void recovered(const std::string& txn, const std::string& what, const std::string& note);
    enum class Whose { kOurs, kAnyones };
    void refresh_ledger(Whose change);
    void tell_ours();
    struct Policies {
        std::vector<policy::SourceFile> sources;
        policy::Parsed parsed;
    };
    [[nodiscard]] Policies read_policies() const;
    void install(Policies policies);
    void take_up(Policies policies);
    void tell_loaded(const std::vector<policy::Diagnostic>& diagnostics);
    [[nodiscard]] sysfs::Result<void> reject(const Policies& policies);

    // Settling (host_settle.cpp).
    void assess();
    void settle();
    void judge(const std::string& key, const std::vector<std::size_t>& transactions,
               std::vector<std::size_t>& to_carry);
    [[nodiscard]] static std::string standing(const policy::Transaction& transaction);
    [[nodiscard]] std::string why_not(GroupTrack& track, const policy::Transaction& transaction);
    [[nodiscard]] bool is_drift(const GroupTrack& track, const policy::Transaction& transaction) const;
    [[nodiscard]] bool restores(const sysfs::DeviceId& device) const;
    void tell_drift(const sysfs::DeviceId& device, const std::string& what, bool restored);
    void tell_refusal(GroupTrack& track, const policy::Transaction& transaction);
    [[nodiscard]] std::vector<policy::Transaction> lost_overrides();
    void reconcile(std::vector<policy::Transaction> transactions);
    void save_marks();
    void publish();
    [[nodiscard]] std::string key_of(const sysfs::DeviceId& id) const;
    [[nodiscard]] std::string key_of(const policy::Transaction& transaction) const;
    [[nodiscard]] Ids members(const std::string& key) const;
    void ready_if_settled();
    void lose_patience();
    void become_ready();

    // Jobs (host_jobs.cpp, host_carry.cpp).
    void pump();
    void begin(Way& errand);
    void begin_apply(JobId id);
    void begin_by_hand(JobId id);
    void plan_bind(JobId id);
    void plan_release(JobId id);
    void planned(JobId id, policy::Plan plan);
    [[nodiscard]] Way& new_errand(Request request);
    [[nodiscard]] Way* errand(JobId id);
    [[nodiscard]] sysfs::Result<std::set<std::string>> groups_of(const Request& request) const;
    [[nodiscard]] bool may_begin(const Way& errand) const;
    [[nodiscard]] bool is_taken(const std::string& key) const;
    void carry(Way& errand);
    void carry_one(Way& errand, std::size_t at);
    void transaction_ended(JobId id, std::size_t at, const std::string& txn);
    void mark_by_hand(const Way& errand, const policy::Transaction& transaction);
    void finish_settled();
    void end(Way& errand, Ending ending);
    void fail(JobId id, const sysfs::Error& error);
    void forget_old();
    void log_end(const Job& job, const policy::Transaction& transaction);

    KeeperParts parts_;
    View view_;
    binding::JournalReader journal_;
    HandMarks marks_;
    std::map<std::string, GroupTrack> tracks_;
    std::map<std::string, Stuck> stuck_;  ///< by transaction
    std::map<JobId, Way> errands_;
    JobId last_job_ = 0;
    std::map<std::string, OpenedDevice> opened_;  ///< fds whose answer is still to come
    std::uint64_t last_open_ = 0;
    Coalescer coalescer_;
    LookOrder look_order_;
    std::set<sysfs::DeviceId> dirty_;
    std::set<sysfs::DeviceId> usage_known_;
    std::set<sysfs::DeviceId> changed_;  ///< since observers were last told
    std::map<sysfs::DeviceId, std::string> published_;  ///< what observers were told of each device
    std::set<int> published_groups_;
    std::vector<Observer*> observers_;
    std::function<void()> on_ready_;
    std::function<void(const std::set<std::string>&)> on_ours_;
    unsigned last_stir_ = 0;
    std::string rejected_;  ///< what was last said of policy files that are not in force
    std::set<sysfs::DeviceId> forgetting_;  ///< went away; the journal is being told
    bool drivers_stale_ = true;
    bool looked_ = false;  ///< at the whole host, once
    bool asking_usage_ = false;
    bool assess_again_ = false;
    bool undo_is_late_ = false;  ///< readiness no longer waits for what was interrupted
    bool ready_ = false;
    Timer wake_;
    Timer soon_;
    Timer patience_;
    Timer reload_;
};

}  // namespace bindd

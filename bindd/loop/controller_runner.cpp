// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/controller_runner.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "base/try.hpp"
#include "bindd/controller/job_planning.hpp"
#include "bindd/controller/policy_reload.hpp"
#include "binding/journal/history.hpp"
#include "binding/policies/policy_files.hpp"
#include "binding/report/host_snapshot.hpp"

namespace bindd {

using base::Result;

namespace {

/// Reads files, and directories of them. An absent path is no error.
LoadedPolicies load_policies(const std::vector<std::string>& paths) {
    binding::PolicyFiles files = binding::read_policy_files(paths, binding::MissingPath::kIgnore);
    LoadedPolicies out{.sources = std::move(files.files), .parsed = {}};
    out.parsed = policy::parse_set(out.sources);
    std::move(files.diagnostics.begin(), files.diagnostics.end(),
              std::back_inserter(out.parsed.diagnostics));
    return out;
}

/// What save_policies() wrote.
LoadedPolicies parse_saved_policies(const std::string& text) {
    LoadedPolicies out;
    if (auto saved = binding::parse_snapshot(text))
        out.sources = std::move(saved->sources);
    out.parsed = policy::parse_set(out.sources);
    return out;
}

}  // namespace

/// Executes one effect. Observers may submit or cancel jobs within a notification: step() has
/// returned by then, so the state is consistent, and the effects of the nested call run at once,
/// before the rest of the outer ones.
struct ControllerRunner::EffectRunner {
    ControllerRunner& self;

    void operator()(SendRequest& send) const {
        self.deps_.executor.send(
            std::move(send.message),
            [&self = self, request = send.request](binding::Message reply) {
                request == kRecoveryRequest ? self.on_notice(std::move(reply))
                                            : self.feed(ReplyReceived{request, std::move(reply)});
            },
            [&self = self, request = send.request](const Result<void>& result) {
                self.feed(RequestEnded{request, result, self.journal_.read()});
            });
    }
    void operator()(const StartEvents&) const {
        self.deps_.events.start([&self = self](const HostEvent& event) { self.feed(event); });
    }

    void operator()(const ArmTimer& arm) const {
        const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
            arm.at - std::chrono::steady_clock::now());
        timer(arm.timer).arm(std::max(left, std::chrono::microseconds(0)));
    }
    void operator()(const DisarmTimer& disarm) const { timer(disarm.timer).disarm(); }

    void operator()(const WatchOverrides& watch) const {
        if (self.on_managed_overrides_)
            self.on_managed_overrides_(watch.files);
    }
    void operator()(WriteUdevRules& write) const {
        self.deps_.executor.send(binding::UpdateUdevRules{std::move(write.in_use)}, {},
                                 [&self = self](const Result<void>& written) {
                                     if (!written)
                                         self.feed(UdevRulesNotWritten{written.error()});
                                 });
    }
    void operator()(const SaveManualState& save) const {
        auto saved = base::make_directories(self.deps_.state.controller_dir());
        if (saved)
            saved = base::replace_file(self.manual_state_file_, save.text, 0600,
                                       base::Durability::kUnsynced);
        if (!saved)
            self.feed(ManualStateNotSaved{saved.error()});
    }
    void operator()(const LogEntry& entry) const { self.deps_.log.write(entry); }

    void operator()(const NotifyDevice& notice) const {
        constexpr std::array kCalls{&Observer::device_appeared, &Observer::device_changed,
                                    &Observer::device_vanished};
        notify(kCalls.at(static_cast<std::size_t>(notice.kind)), notice.device);
    }
    void operator()(const NotifyGroup& notice) const {
        constexpr std::array kCalls{&Observer::group_appeared, &Observer::group_changed,
                                    &Observer::group_vanished};
        notify(kCalls.at(static_cast<std::size_t>(notice.kind)), notice.group);
    }
    void operator()(const NotifyCounts&) const { notify(&Observer::counts_changed); }
    void operator()(const NotifyJob& notice) const {
        if (const Job* job = self.job(notice.job))
            notify(&Observer::job_changed, *job);
    }
    void operator()(const NotifyTransaction& notice) const {
        if (const Job* job = self.job(notice.job))
            notify(&Observer::transaction_finished, *job, job->plan.transactions.at(notice.index));
    }
    void operator()(const NotifyJobEnded& notice) const {
        if (const Job* job = self.job(notice.job))
            notify(&Observer::job_ended, *job);
        self.feed(JobEndNotified{notice.job});
    }
    void operator()(const NotifyPolicies& notice) const {
        notify(&Observer::policies_reloaded, notice.diagnostics);
    }
    void operator()(const NotifyReady&) const {
        notify(&Observer::ready);
        if (self.on_ready_)
            self.on_ready_();
    }
    void operator()(AnswerUsage& answer) const {
        if (auto caller = self.usage_callers_.extract(answer.token); !caller.empty())
            caller.mapped()(std::move(answer.usage));
    }

    template <typename... Args>
    void notify(void (Observer::*what)(Args...), std::type_identity_t<Args>... arguments) const {
        for (Observer* observer : self.observers_)
            (observer->*what)(arguments...);
    }
    [[nodiscard]] Timer& timer(TimerId id) const {
        return self.timers_.at(static_cast<std::size_t>(id));
    }
};

ControllerRunner::ControllerRunner(ControllerDependencies deps)
    : deps_(std::move(deps)),
      journal_(deps_.state),
      manual_state_file_(deps_.state.controller_dir() + "/by-hand"),
      policies_file_(deps_.state.lib + "/controller/policies"),
      timers_{{{deps_.event, [this] { feed(TimerFired{TimerId::kScan}); }},
               {deps_.event, [this] { feed(TimerFired{TimerId::kJobs}); }},
               {deps_.event, [this] { feed(TimerFired{TimerId::kStartup}); }},
               {deps_.event, [this] { (void)reload(ReloadCause::kFilesChanged); }}}} {
    state_.timeout = deps_.timeout;
    state_.apply_mode = deps_.apply_mode;
    deps_.executor.on_notice([this](binding::Message notice) { on_notice(std::move(notice)); });
    deps_.executor.on_protocol_error(
        [this](const base::Error& error) { feed(ProtocolViolated{error}); });
}

void ControllerRunner::feed(Input input) {
    for (Effect& effect : step(state_, std::move(input), std::chrono::steady_clock::now()))
        std::visit(EffectRunner{*this}, effect);
}

void ControllerRunner::on_notice(binding::Message notice) {
    feed(NoticeReceived{std::move(notice), journal_.read()});
}

void ControllerRunner::start() {
    LoadedPolicies policies = load_policies(deps_.policy_paths);
    LoadedPolicies last_valid;
    if (!policies.ok())
        last_valid = parse_saved_policies(base::read_file(policies_file_).value_or(""));
    feed(Started{.policies = std::move(policies),
                 .manual_state = base::read_file(manual_state_file_).value_or(""),
                 .latest = binding::latest_history(deps_.state),
                 .journal = journal_.read(),
                 .last_valid = std::move(last_valid)});
    save_policies();
}

/// For a start beside files that are invalid.
void ControllerRunner::save_policies() {
    const View& view = state_.view;
    if (view.policies.generation == saved_generation_)
        return;
    saved_generation_ = view.policies.generation;
    binding::SnapshotWriter text;
    for (const policy::SourceFile& source : view.sources)
        text.add(source);
    const auto saved = base::make_directories(deps_.state.lib + "/controller").and_then([&] {
        return base::replace_file(policies_file_, text.take(), 0600, base::Durability::kUnsynced);
    });
    if (!saved)
        deps_.log.write(Level::kWarning, LogEvent::kWarning, saved.error().text());
}

void ControllerRunner::usage(std::vector<sysfs::DeviceId> devices,
                             std::function<void(Result<sysfs::Usage>)> done) {
    usage_callers_[++last_usage_token_] = std::move(done);
    feed(UsageRequested{last_usage_token_, std::move(devices)});
}

Result<JobId> ControllerRunner::submit(JobRequest request) {
    JobScope scope = TRY(job_scope(state_, request));
    feed(JobSubmitted{std::move(request), std::move(scope)});
    return state_.jobs.last();
}

bool ControllerRunner::must_wait(const JobRequest& request) const {
    return bindd::must_wait(state_, request);
}

const Job* ControllerRunner::job(JobId id) const {
    const QueuedJob* queued = state_.jobs.find(id);
    return queued == nullptr ? nullptr : &queued->job;
}

Result<void> ControllerRunner::cancel(JobId id) {
    TRY(state_.jobs.check_cancel(id));
    feed(JobCancelled{id});
    return {};
}

Result<void> ControllerRunner::reload(ReloadCause cause) {
    LoadedPolicies policies = load_policies(deps_.policy_paths);
    Result<void> valid = check_policies(policies);
    feed(PoliciesRead{std::move(policies), cause});
    save_policies();
    return valid;
}

const std::string& ControllerRunner::read_changed_policies() {
    if (Timer& due = timers_.at(static_cast<std::size_t>(TimerId::kReload)); due.armed()) {
        due.disarm();
        (void)reload(ReloadCause::kFilesChanged);
    }
    return state_.view.policy_error;
}

void ControllerRunner::open(OpenRequest request, std::function<void(Result<OpenedDevice>)> done) {
    deps_.executor.open(request.device, request.backend, std::move(done));
}

}  // namespace bindd

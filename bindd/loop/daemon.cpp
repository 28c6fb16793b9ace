// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/daemon.hpp"

#include <malloc.h>
#include <signal.h>

#include <cstdlib>

#include "bindd/loop/executor_client.hpp"
#include "bindd/loop/file_watch.hpp"
#include "bindd/loop/journal_log.hpp"
#include "bindd/loop/service.hpp"

namespace bindd {
namespace {

using base::Result;

/// Transactions in progress may end before the daemon does. The journal has the others, for the
/// next start.
constexpr std::chrono::seconds kStopTimeout{2};

/// The scan of a large host frees a hundred thousand small blocks, which the allocator would keep:
/// half of the resident memory.
constexpr std::chrono::seconds kTrimDelay{1};

/// By default glibc raises its thresholds after the first large block is freed, and keeps twice as
/// much from then on: megabytes after one reply of megabytes.
void limit_malloc_retention() {
    constexpr int kLarge = 128 * 1024;
    ::mallopt(M_MMAP_THRESHOLD, kLarge);
    ::mallopt(M_TRIM_THRESHOLD, kLarge);
}

/// Everything on the loop. Members are destroyed in reverse order.
class DaemonLoop final : public Observer {
  public:
    DaemonLoop(EventLoop loop, LineSocket executor, FdChannel channel,
               std::unique_ptr<EventSource> events, const DaemonOptions& options,
               const DaemonHooks& hooks)
        : loop_(std::move(loop)),
          log_(Log::default_sink()),
          executor_(loop_.get(), std::move(executor), std::move(channel)),
          events_(std::move(events)),
          controller_({.event = loop_.get(),
                       .executor = executor_,
                       .events = *events_,
                       .log = log_,
                       .state = hooks.executor.state,
                       .policy_paths = options.policies,
                       .timeout = options.timeout,
                       .apply_mode = options.apply_mode}),
          sigterm_(loop_.get(), SIGTERM, [this] { stop(); }),
          sigint_(loop_.get(), SIGINT, [this] { stop(); }),
          sighup_(loop_.get(), SIGHUP, [this] { reload(); }),
          stop_timer_(loop_.get(), [this] { exit(EXIT_SUCCESS); }),
          watchdog_timer_(loop_.get(), [this] { ping_watchdog(); }),
          trim_timer_(loop_.get(), [] { ::malloc_trim(0); }) {
        executor_.on_lost([this] { on_executor_lost(); });
        controller_.subscribe(*this);
        controller_.on_ready([this] { notify_if_ready(); });
    }

    Result<void> begin(const DaemonOptions& options, const DaemonHooks& hooks) {
        auto files = FileWatch::make(
            loop_.get(), options.policies, [this] { controller_.on_policy_files_changed(); },
            [this](const std::string& file) { controller_.on_override_written(file); });
        if (!files)
            return base::propagate(files);
        files_ = *std::move(files);
        controller_.on_managed_overrides(
            [this](const std::set<std::string>& overrides) { files_->watch_files(overrides); });
        if (auto dropped = drop_privileges(); !dropped)
            return dropped;
        log_.write(Level::kInfo, LogEvent::kStarted, "started");
        auto attached = hooks.attach(loop_.get(), controller_, [this] {
            name_owned_ = true;
            notify_if_ready();
        });
        if (!attached)
            return base::propagate(attached);
        bus_ = *std::move(attached);
        ping_watchdog();
        controller_.start();
        return {};
    }

    int run() {
        const int status = sd_event_loop(loop_.get());
        return status < 0 ? EXIT_FAILURE : status;
    }

    void counts_changed() override {
        trim_timer_.arm(kTrimDelay);
        if (controller_.is_ready())
            service_notifier_.status(status());
    }

    void policies_reloaded(const std::vector<policy::Diagnostic>& /*diagnostics*/) override {
        if (controller_.is_ready())
            service_notifier_.status(status());
    }

  private:
    std::string status() const {
        std::string text;
        for (const auto& [state, count] : controller_.counts())
            if (count != 0 && state != "unmanaged")
                text += std::to_string(count) + " " + state + ", ";
        return text + std::to_string(controller_.view().inventory.devices.size()) + " devices, " +
               std::to_string(controller_.view().policies.rules.size()) + " rules" +
               (controller_.apply_mode() == ApplyMode::kManual
                    ? "; changes wait for `vfioctl apply`"
                    : "") +
               (controller_.view().policy_error.empty()
                    ? ""
                    : "; the policy files are invalid, the last valid set is in force");
    }

    void notify_if_ready() {
        if (!name_owned_ || !controller_.is_ready() || reported_ready_)
            return;
        reported_ready_ = true;
        log_.write(Level::kInfo, LogEvent::kReady, "ready: " + status());
        service_notifier_.ready(status());
    }

    /// Units that wait for the daemon must not be notified that it is ready before it is.
    void reload() {
        if (reported_ready_)
            service_notifier_.reloading();
        (void)controller_.reload();
        if (reported_ready_)
            service_notifier_.ready(status());
    }

    /// The executor finishes its transactions and exits, and then the daemon does.
    void stop() {
        if (stopping_)
            return exit(EXIT_SUCCESS);
        stopping_ = true;
        service_notifier_.stopping();
        stop_timer_.arm(kStopTimeout);
        executor_.send(binding::Stop{}, {}, {});
    }

    void on_executor_lost() {
        if (!stopping_)
            log_.write(Level::kError, LogEvent::kStopped, "the executor has died: cannot go on");
        exit(stopping_ ? EXIT_SUCCESS : EXIT_FAILURE);
    }

    void exit(int status) { (void)sd_event_exit(loop_.get(), status); }

    /// Pings only while the loop runs and the executor answers.
    void ping_watchdog() {
        const auto period = ServiceNotifier::watchdog_interval();
        if (!period)
            return;
        if (executor_answered_) {
            service_notifier_.ping_watchdog();
            executor_answered_ = false;
            executor_.send(binding::Ping{}, {},
                           [this](const Result<void>&) { executor_answered_ = true; });
        }
        watchdog_timer_.arm(*period / 2);
    }

    EventLoop loop_;
    Log log_;
    ServiceNotifier service_notifier_;
    ExecutorClient executor_;
    std::unique_ptr<EventSource> events_;
    ControllerRunner controller_;
    std::unique_ptr<FileWatch> files_;
    SignalWatch sigterm_;
    SignalWatch sigint_;
    SignalWatch sighup_;
    Timer stop_timer_;
    Timer watchdog_timer_;
    Timer trim_timer_;
    std::shared_ptr<void> bus_;
    bool name_owned_ = false;
    bool reported_ready_ = false;
    bool stopping_ = false;
    bool executor_answered_ = true;
};

Result<int> run_until_exit(const DaemonOptions& options, const DaemonHooks& hooks) {
    limit_malloc_retention();
    block_signals();
    auto ends = options.executor.empty() ? fork_executor(hooks.executor)
                                         : connect_executor(options.executor);
    if (!ends)
        return base::propagate(ends);
    sd_event* made = nullptr;
    if (const int failed = sd_event_new(&made); failed < 0)
        return base::fail_errno(-failed, "make", "event loop");
    EventLoop loop(made);
    // Before the first scan, and while the privilege for a large buffer is there.
    auto events = hooks.events(loop.get());
    if (!events)
        return base::propagate(events);
    DaemonLoop daemon(std::move(loop), std::move(ends->lines), std::move(ends->fds),
                      *std::move(events), options, hooks);
    if (auto begun = daemon.begin(options, hooks); !begun)
        return base::propagate(begun);
    return daemon.run();
}

}  // namespace

void block_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        ::sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

int run_daemon(const DaemonOptions& options, const DaemonHooks& hooks) {
    const auto status = run_until_exit(options, hooks);
    if (status)
        return *status;
    Log(Log::default_sink()).write(Level::kError, LogEvent::kStopped, status.error().text());
    return EXIT_FAILURE;
}

}  // namespace bindd

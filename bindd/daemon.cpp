// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/daemon.hpp"

#include <malloc.h>
#include <signal.h>

#include <cstdlib>

#include "bindd/executor_seat.hpp"
#include "bindd/file_watch.hpp"
#include "bindd/log.hpp"
#include "bindd/notifier.hpp"
#include "bindd/privileges.hpp"

namespace bindd {
namespace {

using sysfs::Result;

/// What is under way may end before we do; what does not is in the journal, for the next start.
constexpr std::chrono::seconds kFarewell{2};

/// A look at a large host comes in a hundred thousand pieces, which the allocator would keep: half of what is resident.
constexpr std::chrono::seconds kQuiet{1};

/// Unless told, glibc learns from the first large block that is freed to keep twice as much at hand for good: after one
/// answer of megabytes, megabytes.
void give_memory_back() {
    constexpr int kLarge = 128 * 1024;
    ::mallopt(M_MMAP_THRESHOLD, kLarge);
    ::mallopt(M_TRIM_THRESHOLD, kLarge);
}

void block_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        ::sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

/// Everything on the loop, in the order in which it ends.
class Daemon final : public Observer {
  public:
    Daemon(EventLoop loop, LineSocket executor, FdChannel channel, std::unique_ptr<EventSource> events,
           const DaemonOptions& options, const Seams& seams)
        : loop_(std::move(loop)), log_(Log::best()), executor_(loop_.get(), std::move(executor), std::move(channel)),
          events_(std::move(events)),
          keeper_({.event = loop_.get(), .executor = executor_, .events = *events_, .log = log_,
                   .state = seams.tools.state, .policy_paths = options.policies,
                   .timeout = options.timeout}),
          terminate_(loop_.get(), SIGTERM, [this] { stop(); }),
          interrupt_(loop_.get(), SIGINT, [this] { stop(); }),
          hang_up_(loop_.get(), SIGHUP, [this] { reload(); }),
          farewell_(loop_.get(), [this] { exit(EXIT_SUCCESS); }),
          watchdog_(loop_.get(), [this] { feed_watchdog(); }), tidy_(loop_.get(), [] { ::malloc_trim(0); }) {
        executor_.on_lost([this] { lost_executor(); });
        keeper_.observe(*this);
        keeper_.on_ready([this] { ready_if(); });
    }

    Result<void> begin(const DaemonOptions& options, const Seams& seams) {
        auto files = FileWatch::make(
            loop_.get(), options.policies, [this] { keeper_.policies_touched(); },
            [this](const std::string& file) { keeper_.override_written(file); });
        if (!files)
            return sysfs::propagate(files);
        files_ = *std::move(files);
        keeper_.on_ours([this](const std::set<std::string>& overrides) {
            files_->watch_files(overrides);
        });
        if (auto dropped = drop_privileges(); !dropped)
            return dropped;
        log_.say(Level::kInfo, Message::kStarted, "started");
        auto attached = seams.attach(loop_.get(), keeper_, [this] {
            reachable_ = true;
            ready_if();
        });
        if (!attached)
            return sysfs::propagate(attached);
        attached_ = *std::move(attached);
        feed_watchdog();
        keeper_.start();
        return {};
    }

    int run() {
        const int status = sd_event_loop(loop_.get());
        return status < 0 ? EXIT_FAILURE : status;
    }

    void counts_changed() override {
        tidy_.arm(kQuiet);
        if (keeper_.is_ready())
            notifier_.status(status());
    }

  private:
    std::string status() const {
        std::string text;
        for (const auto& [state, count] : keeper_.counts())
            if (count != 0 && state != "unmanaged")
                text += std::to_string(count) + " " + state + ", ";
        return text + std::to_string(keeper_.view().inventory.devices.size()) + " devices, " +
               std::to_string(keeper_.view().policies.rules.size()) + " rules";
    }

    void ready_if() {
        if (!reachable_ || !keeper_.is_ready() || said_ready_)
            return;
        said_ready_ = true;
        log_.say(Level::kInfo, Message::kReady, "ready: " + status());
        notifier_.ready(status());
    }

    void reload() {
        notifier_.reloading();
        (void)keeper_.reload({.uid = 0, .words = "SIGHUP"});
        notifier_.ready(status());
    }

    /// The executor finishes what it has begun, and its end is ours.
    void stop() {
        if (stopping_)
            return exit(EXIT_SUCCESS);
        stopping_ = true;
        notifier_.stopping();
        farewell_.arm(kFarewell);
        executor_.ask("stop", {}, {});
    }

    void lost_executor() {
        if (!stopping_)
            log_.say(Level::kError, Message::kStopped, "the executor has died: cannot go on");
        exit(stopping_ ? EXIT_SUCCESS : EXIT_FAILURE);
    }

    void exit(int status) { (void)sd_event_exit(loop_.get(), status); }

    /// Only a loop that turns feeds it, and only while the executor answers.
    void feed_watchdog() {
        const auto period = Notifier::watchdog();
        if (!period)
            return;
        if (executor_answered_) {
            notifier_.alive();
            executor_answered_ = false;
            executor_.ask("ping", {}, [this](const Result<void>&) { executor_answered_ = true; });
        }
        watchdog_.arm(*period / 2);
    }

    EventLoop loop_;
    Log log_;
    Notifier notifier_;
    ExecutorLink executor_;
    std::unique_ptr<EventSource> events_;
    HostKeeper keeper_;
    std::unique_ptr<FileWatch> files_;
    SignalWatch terminate_;
    SignalWatch interrupt_;
    SignalWatch hang_up_;
    Timer farewell_;
    Timer watchdog_;
    Timer tidy_;
    std::shared_ptr<void> attached_;
    bool reachable_ = false;
    bool said_ready_ = false;
    bool stopping_ = false;
    bool executor_answered_ = true;
};

Result<int> live(const DaemonOptions& options, const Seams& seams) {
    give_memory_back();
    block_signals();
    auto ends = options.executor.empty() ? fork_executor(seams.tools) : reach_executor(options.executor);
    if (!ends)
        return sysfs::propagate(ends);
    sd_event* made = nullptr;
    if (const int failed = sd_event_new(&made); failed < 0)
        return sysfs::fail_errno(-failed, "make", "event loop");
    EventLoop loop(made);
    // Armed before anything is looked at, and while we may have a large buffer.
    auto events = seams.events(loop.get());
    if (!events)
        return sysfs::propagate(events);
    Daemon daemon(std::move(loop), std::move(ends->lines), std::move(ends->fds), *std::move(events),
                  options, seams);
    if (auto begun = daemon.begin(options, seams); !begun)
        return sysfs::propagate(begun);
    return daemon.run();
}

}  // namespace

int run_daemon(const DaemonOptions& options, const Seams& seams) {
    const auto status = live(options, seams);
    if (status)
        return *status;
    Log(Log::best()).say(Level::kError, Message::kStopped, status.error().text());
    return EXIT_FAILURE;
}

}  // namespace bindd

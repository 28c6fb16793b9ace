// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/executor.hpp"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "bindd/executor/host_reader.hpp"
#include "binding/codec/codec.hpp"
#include "binding/journal/journal.hpp"
#include "sysfs/device/names.hpp"

namespace bindd {
namespace {

using base::Result;
using binding::decode;
using binding::encode;

constexpr unsigned kReaders = 2;
constexpr std::chrono::milliseconds kLockRetry{50};
constexpr std::chrono::milliseconds kReaderIdle{3'000};

std::string request_id(const binding::WorkerJob& job) {
    return job.request.substr(0, job.request.find('\t'));
}

}  // namespace

Executor::Executor(LineSocket socket, FdChannel channel, const ExecutorDependencies& deps)
    : socket_(std::move(socket)),
      deps_(deps),
      channel_(std::move(channel)),
      readers_([this](const std::string& request,
                      const auto& say) { return serve_reader(request, say); },
               kReaders, deps.read_timeout,
               binding::WorkerPool::Callbacks{
                   .on_progress_line =
                       [this](const binding::WorkerJob& job, const std::string& line) {
                           socket_.send(request_id(job) + "\t" + line);
                       },
                   .on_ended =
                       [this](const binding::WorkerJob& job, binding::JobEnd how,
                              const std::string& line) {
                           if (how != binding::JobEnd::kAnswered)
                               reply(request_id(job),
                                     base::fail(base::Code::kTimeout, "look", "the host",
                                                "reading a device did not return"));
                           else
                               socket_.send(request_id(job) +
                                            (line.empty() ? "\t=" : "\t!\t" + line.substr(1)));
                           return std::vector<binding::WorkerJob>{};
                       },
                   .on_worker_abandoned = [this](const binding::WorkerJob&,
                                                 pid_t pid) { on_reader_lost(pid); }}) {
    options_.actor = "bindd";
    options_.action = "recover";
    options_.timeout = deps.write_timeout;
    options_.check_open = deps.check_open;
    options_.on_warning = [this](const std::string& text) {
        socket_.send("0\twarning\t" + to_field(text));
    };
    options_.on_worker_abandoned = [this](const std::string& txn, pid_t pid) {
        on_worker_abandoned(txn, pid);
    };
}

/// Runs in a reader. The fds are on their way before the answer is.
std::string Executor::serve_reader(const std::string& request,
                                   const std::function<void(const std::string&)>& say) {
    const std::vector<std::string> parts = split_fields(request);
    if (parts[1] != "open")
        return read_host(deps_.kernel, request.substr(request.find('\t') + 1), say);
    if (parts.size() != 5 || !deps_.open)
        return "=!" + encode(base::fail(base::Code::kUnsupported, "open", "a device",
                                        "this daemon cannot open devices for others")
                                 .value());
    const auto opened = deps_.open(parts[3], parts[4]);
    const Result<void> sent = opened ? channel_.send(parts[2], *opened) : base::propagate(opened);
    return sent ? "=" : "=!" + encode(sent.error());
}

void Executor::run() {
    for (;;) {
        wait();
        (void)socket_.flush();
        if (stage_ == Stage::kServing) {
            const auto lines = socket_.receive();
            if (!lines)
                stage_ = Stage::kStopping;
            else
                std::for_each(lines->begin(), lines->end(),
                              [this](const auto& line) { dispatch(line); });
        }
        readers_.turn();
        if (readers_.idle() && idle_at_ && *idle_at_ <= Clock::now()) {
            readers_.stop_idle();
            ::malloc_trim(0);  // what the readers said came through here
            idle_at_.reset();
        }
        reap_readers();
        process_queue();
        (void)socket_.flush();
        if (stage_ == Stage::kStopping && !session_)
            return;
    }
}

/// Until someone calls, or the next time something is due.
void Executor::wait() {
    std::vector<pollfd> asked;
    if (stage_ == Stage::kServing)
        asked.push_back(
            {socket_.fd(), static_cast<short>(POLLIN | (socket_.has_waiting() ? POLLOUT : 0)), 0});
    readers_.watch(asked);
    if (session_)
        session_->pool().watch(asked);
    for (const auto& [txn, left] : abandoned_)
        if (left.pidfd.valid())
            asked.push_back({left.pidfd.get(), POLLIN, 0});
    for (const auto& [reader, pidfd] : lost_readers_)
        asked.push_back({pidfd.get(), POLLIN, 0});
    int patience = -1;
    if (const auto next = next_deadline()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
        patience = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
    }
    (void)::poll(asked.data(), asked.size(), patience);
}

std::optional<Executor::Clock::time_point> Executor::next_deadline() const {
    std::optional<Clock::time_point> next = idle_at_;
    const auto also = [&next](const std::optional<Clock::time_point>& time) {
        if (time && (!next || *time < *next))
            next = time;
    };
    also(readers_.next_deadline());
    also(lock_retry_at_);
    if (stage_ == Stage::kServing)
        for (const auto& [txn, left] : abandoned_)
            if (!left.pidfd.valid())
                also(left.retry);
    // Its pool is there: a session is only open while it has something to do.
    if (session_)
        also(const_cast<binding::TransactionRunner&>(*session_).pool().next_deadline());
    return next;
}

void Executor::dispatch(const std::string& line) {
    const std::vector<std::string> parts = split_fields(line);
    const std::string& id = parts.front();
    const std::string verb = parts.size() > 1 ? parts[1] : "";
    if (verb == "look" || verb == "read" || verb == "usage" || verb == "open") {
        idle_at_ = Clock::now() + kReaderIdle;
        readers_.add({{.request = line, .drivers = {}, .progress_wanted = true}});
    } else if (verb == "carry") {
        enqueue(id, parts);
    } else if (verb == "recover") {
        recover(id);
    } else if (verb == "forget" && parts.size() == 3) {
        forget(id, parts[2]);
    } else if (verb == "ping") {
        reply(id, {});
    } else if (verb == "stop") {
        stage_ = Stage::kStopping;
        reply(id, {});
    } else {
        reply(id, base::fail(base::Code::kInvalid, "understand", verb, "no such request"));
    }
}

void Executor::enqueue(const std::string& id, const std::vector<std::string>& parts) {
    const auto malformed = [&](const std::string& why) {
        reply(id, base::fail(base::Code::kInvalid, "carry out", "a transaction", why));
    };
    if (parts.size() != 6)
        return malformed("it has " + std::to_string(parts.size()) + " parts");
    const auto timeout = base::parse_decimal(parts[4]);
    auto transaction = decode<policy::Transaction>(parts[5]);
    if (!timeout || !transaction)
        return malformed(timeout ? transaction.error().text() : timeout.error().text());
    queue_.push_back(
        {id, parts[2], parts[3], std::chrono::milliseconds(*timeout), *std::move(transaction)});
}

void Executor::forget(const std::string& id, const std::string& ids) {
    auto devices = decode<std::vector<sysfs::DeviceId>>(ids);
    if (!devices)
        return reply(id, base::propagate(devices));
    to_forget_[id] = *std::move(devices);
}

bool Executor::has_work() const {
    return !queue_.empty() || !to_recover_.empty() || !to_forget_.empty();
}

/// One step of everything that needs the lock.
void Executor::process_queue() {
    retry_recoveries();
    if (stage_ == Stage::kStopping) {
        queue_.clear();
        to_recover_.clear();
        to_forget_.clear();
    }
    if (has_work() && open_session()) {
        for (auto& [txn, flight] : std::exchange(to_recover_, {}))
            begin_recovery(flight);
        for (const auto& [id, devices] : std::exchange(to_forget_, {}))
            reply(id, session_->forget(devices, "it went away"));
        while (!queue_.empty()) {
            QueuedTransaction queued = std::move(queue_.front());
            queue_.pop_front();
            start_transaction(std::move(queued));
        }
    }
    if (!session_)
        return;
    session_->pool().turn();
    if (session_->pool().idle() && !has_work())
        close_session();
}

/// Another process may have the lock for a moment: a vfioctl of someone's, or our own predecessor
/// who is finishing what it has in hand.
bool Executor::open_session() {
    if (lock_retry_at_ && *lock_retry_at_ > Clock::now())
        return false;
    lock_retry_at_.reset();
    if (!session_) {
        auto session = binding::TransactionRunner::open(deps_.kernel, deps_.state, options_);
        if (!session && session.error().code == base::Code::kBusy) {
            lock_retry_at_ = Clock::now() + kLockRetry;
            return false;
        }
        if (!session) {
            for (const QueuedTransaction& queued : std::exchange(queue_, {}))
                reply(queued.id, base::propagate(session));
            for (const auto& [id, devices] : std::exchange(to_forget_, {}))
                reply(id, base::propagate(session));
            for (const auto& [txn, flight] : std::exchange(to_recover_, {}))
                report_pending_undo(txn, session.error().text());
            return false;
        }
        session_.emplace(*std::move(session));
        adopt_orphans();
        return true;
    }
    if (auto fresh = session_->refresh(); !fresh)
        socket_.send("0\twarning\t" + to_field(fresh.error().text()));
    return true;
}

void Executor::start_transaction(QueuedTransaction queued) {
    binding::ApplyOptions options = options_;
    options.actor = queued.actor;
    options.action = queued.action;
    options.timeout = queued.timeout;
    options.on_progress = [this, id = queued.id](const binding::Progress& progress) {
        socket_.send(id + "\tdoing\t" + to_field(progress.step));
    };
    session_->begin(
        std::move(queued.transaction), options,
        [this, id = queued.id](const std::string& txn, const policy::Transaction& ended) {
            socket_.send(id + "\tended\t" + txn + "\t" + encode(ended));
            reply(id, {});
        });
}

void Executor::close_session() {
    session_->close();
    session_.reset();
}

void Executor::reply(const std::string& id, const Result<void>& done) {
    socket_.send(done ? id + "\t=" : id + "\t!\t" + encode(done.error()));
}

}  // namespace bindd

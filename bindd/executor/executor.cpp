// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/executor.hpp"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/number.hpp"
#include "base/try.hpp"
#include "bindd/executor/host_reader.hpp"
#include "binding/journal/journal.hpp"

namespace bindd {
namespace {

using base::Result;
using binding::decode_message;
using binding::encode_message;

constexpr unsigned kReaders = 2;
constexpr std::chrono::milliseconds kLockRetry{50};
constexpr std::chrono::milliseconds kReaderIdle{3'000};

template <typename Request>
constexpr bool kIsForReader =
    std::is_same_v<Request, binding::ScanHost> || std::is_same_v<Request, binding::ScanDevices> ||
    std::is_same_v<Request, binding::QueryUsage> || std::is_same_v<Request, binding::OpenForClient>;

}  // namespace

Executor::Executor(LineSocket socket, FdChannel channel, const ExecutorDependencies& deps)
    : socket_(std::move(socket)),
      deps_(deps),
      channel_(std::move(channel)),
      readers_([this](const std::string& request,
                      const auto& report) { return serve_reader(request, report); },
               kReaders, deps.read_timeout,
               binding::WorkerPool::Callbacks{
                   .on_progress_line = [this](const binding::WorkerJob&,
                                              const std::string& line) { socket_.send(line); },
                   .on_ended =
                       [this](const binding::WorkerJob& job, binding::JobEnd how,
                              const std::string& line) {
                           on_reader_ended(job, how, line);
                           return std::vector<binding::WorkerJob>{};
                       },
                   .on_worker_abandoned = [this](const binding::WorkerJob&,
                                                 pid_t pid) { on_reader_lost(pid); }}) {
    options_.actor = "bindd";
    options_.action = "recover";
    options_.timeout = deps.write_timeout;
    options_.check_open = deps.check_open;
    options_.on_warning = [this](const std::string& text) { notify(binding::Warning{text}); };
    options_.on_worker_abandoned = [this](const std::string& txn, pid_t pid) {
        on_worker_abandoned(txn, pid);
    };
}

/// Runs in a reader. Its lines are the replies as the daemon gets them. The fds are on their way
/// before the answer is.
std::string Executor::serve_reader(const std::string& line,
                                   const std::function<void(const std::string&)>& report) {
    const auto request = decode_message(line);
    if (!request)
        return encode_message({0, binding::Failed{request.error()}});
    const std::uint64_t id = request->id;
    if (const auto* open = std::get_if<binding::OpenForClient>(&request->message)) {
        const auto sent = open_for(*open);
        return encode_message({id, sent ? binding::Message(binding::Completed{})
                                        : binding::Message(binding::Failed{sent.error()})});
    }
    const auto emit = [&](binding::Message found) {
        report(encode_message({id, std::move(found)}));
    };
    return encode_message({id, read_host(deps_.kernel, request->message, emit)});
}

Result<void> Executor::open_for(const binding::OpenForClient& request) {
    if (!deps_.open)
        return base::fail(base::Code::kUnsupported, "open", "a device",
                          "this daemon cannot open devices for others");
    const auto opened = TRY(deps_.open(request.device.text(), request.backend));
    return channel_.send(request.ticket, opened);
}

void Executor::on_reader_ended(const binding::WorkerJob& job, binding::JobEnd how,
                               const std::string& line) {
    if (how == binding::JobEnd::kAnswered)
        return socket_.send(line);
    const auto id = base::parse_decimal(job.name);
    reply(id.value_or(0),
          base::fail(base::Code::kTimeout, "look", "the host", "reading a device did not return"));
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
    auto envelope = decode_message(line);
    if (!envelope) {
        const auto id = binding::decode_message_id(line);
        return id ? reply(*id, base::propagate(envelope))
                  : notify(binding::Warning{"executor: " + envelope.error().text()});
    }
    const std::uint64_t id = envelope->id;
    std::visit(
        [&]<typename Request>(Request& request) {
            if constexpr (kIsForReader<Request>)
                start_reader(id, line);
            else if constexpr (std::is_same_v<Request, binding::ExecuteTransaction>)
                queue_.push_back({id, std::move(request)});
            else if constexpr (std::is_same_v<Request, binding::RecoverInterrupted>)
                recover(id);
            else if constexpr (std::is_same_v<Request, binding::ForgetDevices>)
                to_forget_[id] = std::move(request.ids);
            else if constexpr (std::is_same_v<Request, binding::Ping>)
                reply(id, {});
            else if constexpr (std::is_same_v<Request, binding::Stop>)
                stop(id);
            else
                reply(id, tl::unexpected(binding::unexpected_message(request)));
        },
        envelope->message);
}

void Executor::start_reader(std::uint64_t id, const std::string& line) {
    idle_at_ = Clock::now() + kReaderIdle;
    readers_.add(
        {{.name = std::to_string(id), .request = line, .drivers = {}, .progress_wanted = true}});
}

void Executor::stop(std::uint64_t id) {
    stage_ = Stage::kStopping;
    reply(id, {});
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
        notify(binding::Warning{fresh.error().text()});
    return true;
}

void Executor::start_transaction(QueuedTransaction queued) {
    binding::ApplyOptions options = options_;
    options.actor = queued.request.actor;
    options.action = queued.request.action;
    options.timeout = queued.request.timeout;
    options.on_progress = [this, id = queued.id](const binding::Progress& progress) {
        send(id, binding::StepStarted{progress.step});
    };
    session_->begin(
        std::move(queued.request.transaction), options,
        [this, id = queued.id](const std::string& txn, const policy::Transaction& ended) {
            send(id, binding::TransactionEnded{txn, ended});
            reply(id, {});
        });
}

void Executor::close_session() {
    session_->close();
    session_.reset();
}

void Executor::send(std::uint64_t id, binding::Message message) {
    socket_.send(encode_message({id, std::move(message)}));
}

void Executor::notify(binding::Message message) {
    send(0, std::move(message));
}

void Executor::reply(std::uint64_t id, const Result<void>& done) {
    send(id, done ? binding::Message(binding::Completed{})
                  : binding::Message(binding::Failed{done.error()}));
}

}  // namespace bindd

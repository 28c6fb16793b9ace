// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/executor.hpp"

#include <unistd.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "bindd/executor/change_check.hpp"
#include "binding/journal/journal.hpp"
#include "binding/policies/devices_in_use_file.hpp"

namespace bindd {
namespace {

using base::Result;
using binding::decode_message;
using binding::encode_message;

constexpr std::chrono::milliseconds kLockRetry{50};

}  // namespace

Executor::Executor(LineSocket socket, FdChannel channel, const ExecutorDependencies& deps)
    : socket_(std::move(socket)),
      deps_(deps),
      journal_reader_(deps.state),
      recoveries_(deps.state, [this](binding::Message notice) { notify(std::move(notice)); }),
      readers_(
          deps, std::move(channel), [this](const std::string& line) { socket_.send(line); },
          [this](pid_t reader) { recoveries_.on_reader_abandoned(reader); }) {
    options_.actor = "bindd";
    options_.action = "recover";
    options_.journal_reader = &journal_reader_;
    options_.timeout = deps.write_timeout;
    options_.check_open = deps.check_open;
    options_.check_change = [&deps](const policy::Change& change,
                                    const binding::ManagedDevice* managed) {
        return check_change(deps.kernel, deps.policies, change, managed);
    };
    options_.on_warning = [this](const std::string& text) { notify(binding::Warning{text}); };
    options_.on_worker_abandoned = [this](const std::string& txn, pid_t pid) {
        recoveries_.on_worker_abandoned(txn, pid);
    };
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
        recoveries_.reap_readers();
        process_queue();
        (void)socket_.flush();
        if (stage_ == Stage::kStopping && !session_)
            return;
    }
}

/// Until a socket is readable or the next deadline.
void Executor::wait() {
    std::vector<pollfd> fds;
    if (stage_ == Stage::kServing)
        fds.push_back(
            {socket_.fd(), static_cast<short>(POLLIN | (socket_.has_waiting() ? POLLOUT : 0)), 0});
    readers_.watch(fds);
    if (session_)
        session_->pool().watch(fds);
    recoveries_.watch(fds);
    int timeout = -1;
    if (const auto next = next_deadline()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(*next - base::Clock::now()).count();
        timeout = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
    }
    (void)::poll(fds.data(), fds.size(), timeout);
}

std::optional<base::Clock::time_point> Executor::next_deadline() const {
    std::optional<base::Clock::time_point> next;
    const auto also = [&next](const std::optional<base::Clock::time_point>& time) {
        if (time && (!next || *time < *next))
            next = time;
    };
    also(readers_.next_deadline());
    also(lock_retry_at_);
    if (stage_ == Stage::kServing)
        also(recoveries_.next_retry());
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
                readers_.add(id, line);
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

void Executor::stop(std::uint64_t id) {
    stage_ = Stage::kStopping;
    reply(id, {});
}

/// Reports what is in flight, so that nobody reads these devices, and begins to undo it.
void Executor::recover(std::uint64_t id) {
    const auto journal_state = binding::read_journal(deps_.state);
    if (!journal_state)
        return reply(id, base::propagate(journal_state));
    for (const binding::InFlightTransaction& flight : journal_state->in_flight)
        recoveries_.add(flight, [&](binding::Message message) { send(id, std::move(message)); });
    auto in_use = binding::read_devices_in_use(deps_.state);
    notify(in_use ? binding::InUseFound{*std::move(in_use), {}}
                  : binding::InUseFound{{}, in_use.error().text()});
    reply(id, {});
}

bool Executor::has_work() const {
    return !queue_.empty() || recoveries_.has_work() || !to_forget_.empty();
}

/// Advances everything that needs the lock.
void Executor::process_queue() {
    recoveries_.retry();
    if (stage_ == Stage::kStopping) {
        queue_.clear();
        recoveries_.clear();
        to_forget_.clear();
    }
    if (has_work() && open_session()) {
        recoveries_.begin(*session_);
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

/// Another process may have the lock for a moment: a vfioctl, or an earlier executor that finishes
/// its transactions.
bool Executor::open_session() {
    if (lock_retry_at_ && *lock_retry_at_ > base::Clock::now())
        return false;
    lock_retry_at_.reset();
    if (!session_) {
        auto session = binding::TransactionRunner::open(deps_.kernel, deps_.state, options_);
        if (!session && session.error().code == base::Code::kBusy) {
            lock_retry_at_ = base::Clock::now() + kLockRetry;
            return false;
        }
        if (!session) {
            fail_waiting(session.error());
            return false;
        }
        session_.emplace(*std::move(session));
        recoveries_.add_orphans(session_->journal_state());
        return true;
    }
    if (auto fresh = session_->refresh(); !fresh)
        notify(binding::Warning{fresh.error().text()});
    return true;
}

void Executor::fail_waiting(const base::Error& error) {
    for (const QueuedTransaction& queued : std::exchange(queue_, {}))
        reply(queued.id, tl::unexpected(error));
    for (const auto& [id, devices] : std::exchange(to_forget_, {}))
        reply(id, tl::unexpected(error));
    recoveries_.postpone(error.text());
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
            if (ended.result != policy::StepResult::kDone)
                recoveries_.add_failed(txn);
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

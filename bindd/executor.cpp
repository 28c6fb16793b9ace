// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor.hpp"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "binding/journal.hpp"
#include "binding/wire.hpp"
#include "bindd/reader.hpp"
#include "sysfs/names.hpp"

namespace bindd {
namespace {

using binding::of_wire;
using binding::to_wire;
using sysfs::Result;

constexpr unsigned kReaders = 2;
constexpr std::chrono::milliseconds kLockAgain{50};
constexpr std::chrono::milliseconds kReadersRest{3'000};

std::string id_of(const binding::Job& job) {
    return job.request.substr(0, job.request.find('\t'));
}

}  // namespace

Executor::Executor(LineSocket socket, FdChannel channel, const Tools& tools)
    : socket_(std::move(socket)), tools_(tools), channel_(std::move(channel)),
      readers_(
          [this](const std::string& request, const auto& say) { return read_or_open(request, say); },
          kReaders, tools.read_patience,
          binding::Pool::Listener{
              .said = [this](const binding::Job& job,
                             const std::string& line) { socket_.send(id_of(job) + "\t" + line); },
              .ended =
                  [this](const binding::Job& job, binding::End how, const std::string& line) {
                      if (how != binding::End::kAnswered)
                          answer(id_of(job), sysfs::fail(sysfs::Code::kTimeout, "look", "the host",
                                                         "reading a device did not return"));
                      else
                          socket_.send(id_of(job) + (line.empty() ? "\t=" : "\t!\t" + line.substr(1)));
                      return std::vector<binding::Job>{};
                  },
              .left_behind = [this](const binding::Job&, pid_t pid) { lose_reader(pid); }}) {
    options_.actor = "bindd";
    options_.action = "recover";
    options_.timeout = tools.write_patience;
    options_.check_open = tools.check_open;
    options_.on_warning = [this](const std::string& text) { socket_.send("0\twarning\t" + one_part(text)); };
    options_.on_left_behind = [this](const std::string& txn, pid_t pid) { left_behind(txn, pid); };
}

/// Runs in a reader. The fds are on their way before the answer is.
std::string Executor::read_or_open(const std::string& request,
                                   const std::function<void(const std::string&)>& say) {
    const std::vector<std::string> parts = parts_of(request);
    if (parts[1] != "open")
        return read_host(tools_.kernel, request.substr(request.find('\t') + 1), say);
    if (parts.size() != 5 || !tools_.open)
        return "=!" + to_wire(sysfs::fail(sysfs::Code::kUnsupported, "open", "a device",
                                          "this daemon cannot open devices for others")
                                  .value());
    const auto opened = tools_.open(parts[3], parts[4]);
    const Result<void> sent = opened ? channel_.send(parts[2], *opened) : sysfs::propagate(opened);
    return sent ? "=" : "=!" + to_wire(sent.error());
}

void Executor::run() {
    for (;;) {
        wait();
        (void)socket_.flush();
        if (stage_ == Stage::kServing) {
            const auto lines = socket_.take();
            if (!lines)
                stage_ = Stage::kStopping;
            else
                std::for_each(lines->begin(), lines->end(), [this](const auto& line) { take(line); });
        }
        readers_.turn();
        if (readers_.idle() && rest_at_ && *rest_at_ <= Clock::now()) {
            readers_.rest();
            ::malloc_trim(0);  // what the readers said came through here
            rest_at_.reset();
        }
        reap_readers();
        work();
        (void)socket_.flush();
        if (stage_ == Stage::kStopping && !session_)
            return;
    }
}

/// Until someone calls, or the next time something is due.
void Executor::wait() {
    std::vector<pollfd> asked;
    if (stage_ == Stage::kServing)
        asked.push_back({socket_.fd(), static_cast<short>(POLLIN | (socket_.has_waiting() ? POLLOUT : 0)),
                         0});
    readers_.watch(asked);
    if (session_)
        session_->pool().watch(asked);
    for (const auto& [txn, left] : left_behind_)
        if (left.pidfd.valid())
            asked.push_back({left.pidfd.get(), POLLIN, 0});
    for (const auto& [reader, pidfd] : lost_readers_)
        asked.push_back({pidfd.get(), POLLIN, 0});
    int patience = -1;
    if (const auto next = next_time()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
        patience = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
    }
    (void)::poll(asked.data(), asked.size(), patience);
}

std::optional<Executor::Clock::time_point> Executor::next_time() const {
    std::optional<Clock::time_point> next = rest_at_;
    const auto also = [&next](const std::optional<Clock::time_point>& time) {
        if (time && (!next || *time < *next))
            next = time;
    };
    also(readers_.next_deadline());
    also(lock_again_);
    if (stage_ == Stage::kServing)
        for (const auto& [txn, left] : left_behind_)
            if (!left.pidfd.valid())
                also(left.retry);
    // Its pool is there: a session is only open while it has something to do.
    if (session_)
        also(const_cast<binding::Session&>(*session_).pool().next_deadline());
    return next;
}

void Executor::take(const std::string& line) {
    const std::vector<std::string> parts = parts_of(line);
    const std::string& id = parts.front();
    const std::string verb = parts.size() > 1 ? parts[1] : "";
    if (verb == "look" || verb == "read" || verb == "usage" || verb == "open") {
        rest_at_ = Clock::now() + kReadersRest;
        readers_.add({{.request = line, .drivers = {}, .followed = true}});
    } else if (verb == "carry") {
        carry(id, parts);
    } else if (verb == "recover") {
        recover(id);
    } else if (verb == "forget" && parts.size() == 3) {
        forget(id, parts[2]);
    } else if (verb == "ping") {
        answer(id, {});
    } else if (verb == "stop") {
        stage_ = Stage::kStopping;
        answer(id, {});
    } else {
        answer(id, sysfs::fail(sysfs::Code::kInvalid, "understand", verb, "no such request"));
    }
}

void Executor::carry(const std::string& id, const std::vector<std::string>& parts) {
    const auto malformed = [&](const std::string& why) {
        answer(id, sysfs::fail(sysfs::Code::kInvalid, "carry out", "a transaction", why));
    };
    if (parts.size() != 6)
        return malformed("it has " + std::to_string(parts.size()) + " parts");
    const auto timeout = sysfs::parse_decimal(parts[4]);
    auto transaction = of_wire<policy::Transaction>(parts[5]);
    if (!timeout || !transaction)
        return malformed(timeout ? transaction.error().text() : timeout.error().text());
    errands_.push_back({id, parts[2], parts[3], std::chrono::milliseconds(*timeout),
                        *std::move(transaction)});
}

void Executor::forget(const std::string& id, const std::string& ids) {
    auto devices = of_wire<std::vector<sysfs::DeviceId>>(ids);
    if (!devices)
        return answer(id, sysfs::propagate(devices));
    to_forget_[id] = *std::move(devices);
}

bool Executor::has_work() const {
    return !errands_.empty() || !to_recover_.empty() || !to_forget_.empty();
}

/// One step of everything that needs the lock.
void Executor::work() {
    retry_recoveries();
    if (stage_ == Stage::kStopping) {
        errands_.clear();
        to_recover_.clear();
        to_forget_.clear();
    }
    if (has_work() && open_session()) {
        for (auto& [txn, flight] : std::exchange(to_recover_, {}))
            begin_recovery(flight);
        for (const auto& [id, devices] : std::exchange(to_forget_, {}))
            answer(id, session_->forget(devices, "it went away"));
        while (!errands_.empty()) {
            Errand errand = std::move(errands_.front());
            errands_.pop_front();
            begin(std::move(errand));
        }
    }
    if (!session_)
        return;
    session_->pool().turn();
    if (session_->pool().idle() && !has_work())
        end_session();
}

/// Another process may have the lock for a moment: a vfioctl of someone's, or our own predecessor who is
/// finishing what it has in hand.
bool Executor::open_session() {
    if (lock_again_ && *lock_again_ > Clock::now())
        return false;
    lock_again_.reset();
    if (!session_) {
        auto session = binding::Session::open(tools_.kernel, tools_.state, options_);
        if (!session && session.error().code == sysfs::Code::kBusy) {
            lock_again_ = Clock::now() + kLockAgain;
            return false;
        }
        if (!session) {
            for (const Errand& errand : std::exchange(errands_, {}))
                answer(errand.id, sysfs::propagate(session));
            for (const auto& [id, devices] : std::exchange(to_forget_, {}))
                answer(id, sysfs::propagate(session));
            for (const auto& [txn, flight] : std::exchange(to_recover_, {}))
                still_owed(txn, session.error().text());
            return false;
        }
        session_.emplace(*std::move(session));
        take_over_orphans();
        return true;
    }
    if (auto fresh = session_->refresh(); !fresh)
        socket_.send("0\twarning\t" + one_part(fresh.error().text()));
    return true;
}

void Executor::begin(Errand errand) {
    binding::ApplyOptions options = options_;
    options.actor = errand.actor;
    options.action = errand.action;
    options.timeout = errand.timeout;
    options.on_progress = [this, id = errand.id](const binding::Progress& progress) {
        socket_.send(id + "\tdoing\t" + one_part(progress.doing));
    };
    session_->begin(std::move(errand.transaction), options,
                    [this, id = errand.id](const std::string& txn, const policy::Transaction& ended) {
                        socket_.send(id + "\tended\t" + txn + "\t" + to_wire(ended));
                        answer(id, {});
                    });
}

void Executor::end_session() {
    session_->close();
    session_.reset();
}

void Executor::answer(const std::string& id, const Result<void>& done) {
    socket_.send(done ? id + "\t=" : id + "\t!\t" + to_wire(done.error()));
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A process that hangs in the kernel cannot be ended, and neither can a thread: its process stays
// with it. So what may hang runs in a forked process, which leaves its results in memory that it
// shares with its parent: a pipe would wake the parent for each of them.
#include "base/abandonable.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "base/abandonable_process.hpp"
#include "base/clock.hpp"
#include "base/non_copyable.hpp"
#include "base/pidfd.hpp"
#include "base/unique_fd.hpp"

namespace base {
namespace {

using std::chrono::milliseconds;

/// The results of a process: for each call the number of its texts, then each text after its
/// length. Pages that are not written to cost nothing.
class SharedResults : NonCopyable {
  public:
    explicit SharedResults(std::size_t calls) : size_(kHeader + kSpare + calls * kPerCall) {
        void* const at = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        memory_ = at == MAP_FAILED ? nullptr : static_cast<char*>(at);
    }
    ~SharedResults() {
        if (memory_ != nullptr)
            ::munmap(memory_, size_);
    }
    [[nodiscard]] bool valid() const { return memory_ != nullptr; }
    [[nodiscard]] std::size_t done() const { return header()->done.load(); }
    /// The process makes no call after the one with this number, which it may not have begun: it
    /// may not even have run.
    void stop_after(std::size_t call) const { header()->end.store(call + 1); }
    [[nodiscard]] bool includes(std::size_t call) const {
        const std::size_t end = header()->end.load();
        return end == 0 || call < end;
    }

    /// False: there is no room.
    [[nodiscard]] bool append(const CallResult& result) {
        std::size_t needed = sizeof(std::uint32_t);
        for (const std::string& text : result)
            needed += sizeof(std::uint32_t) + text.size();
        if (needed > size_ - at_)
            return false;
        append_number(result.size());
        for (const std::string& text : result) {
            append_number(text.size());
            std::memcpy(memory_ + at_, text.data(), text.size());
            at_ += text.size();
        }
        header()->done.fetch_add(1);
        return true;
    }
    /// The next one of those that are done.
    [[nodiscard]] CallResult next() {
        CallResult result(next_number());
        for (std::string& text : result) {
            text.assign(memory_ + at_ + sizeof(std::uint32_t), peek_number());
            at_ += sizeof(std::uint32_t) + text.size();
        }
        return result;
    }

  private:
    struct Header {
        std::atomic<std::size_t> done;
        std::atomic<std::size_t> end;  ///< 0: there is none
    };
    static constexpr std::size_t kHeader = 64;
    static constexpr std::size_t kSpare = std::size_t{16} << 20U;
    static constexpr std::size_t kPerCall = 8192;

    [[nodiscard]] Header* header() const { return reinterpret_cast<Header*>(memory_); }
    void append_number(std::size_t number) {
        const auto value = static_cast<std::uint32_t>(number);
        std::memcpy(memory_ + at_, &value, sizeof value);
        at_ += sizeof value;
    }
    [[nodiscard]] std::uint32_t peek_number() const {
        std::uint32_t value = 0;
        std::memcpy(&value, memory_ + at_, sizeof value);
        return value;
    }
    std::uint32_t next_number() {
        const std::uint32_t value = peek_number();
        at_ += sizeof value;
        return value;
    }

    std::size_t size_;
    std::size_t at_ = kHeader;  ///< where this side writes or reads next
    char* memory_;
};

/// One process and the calls from `first` on.
struct CallProcess : NonCopyable {
    CallProcess(std::size_t begin, std::size_t count) : first(begin), results(count - begin) {}
    ~CallProcess() {
        if (pid > 0)
            abandon(pid);
    }
    [[nodiscard]] bool start(std::size_t count, const std::function<CallResult(std::size_t)>& one) {
        if (!results.valid())
            return false;
        const auto forked = fork_abandonable([&] {
            for (std::size_t at = first; at < count && results.includes(at); ++at)
                if (!results.append(one(at)))
                    return;
        });
        pid = forked.value_or(-1);
        process.reset(pid > 0 ? ::pidfd_open(pid, 0) : -1);
        return process.valid();
    }
    /// Has it ended, at the latest after so long?
    [[nodiscard]] bool wait(milliseconds time) const {
        pollfd ended{process.get(), POLLIN, 0};
        while (::poll(&ended, 1, static_cast<int>(time.count())) < 0 && errno == EINTR) {
        }
        return ended.revents != 0;
    }
    void take(std::vector<std::optional<CallResult>>& out) {
        const std::size_t done = results.done();
        for (; taken < done; ++taken)
            out[first + taken] = results.next();
    }

    std::size_t first;
    SharedResults results;
    std::size_t taken = 0;
    pid_t pid = -1;
    UniqueFd process;
};

/// Until the process ends, or none of its calls returns for so long. The number of the call that it
/// is in then, which is `count` when it has made all.
std::size_t wait_until_stalled(const CallProcess& caller, milliseconds stall) {
    for (std::size_t done = caller.results.done(); !caller.wait(stall);) {
        const std::size_t now = caller.results.done();
        if (now == done)
            break;
        done = now;
    }
    return caller.first + caller.results.done();
}

constexpr milliseconds kShortestStall{50};

}  // namespace

std::vector<std::optional<CallResult>> call_abandonably(
    std::size_t count, const std::function<CallResult(std::size_t)>& one, CallLimits limits) {
    std::vector<std::optional<CallResult>> out(count);
    std::vector<std::unique_ptr<CallProcess>> hanging;
    auto give_up = Clock::now();
    for (std::size_t next = 0; next < count;) {
        auto caller = std::make_unique<CallProcess>(next, count);
        if (!caller->start(count, one)) {
            for (; next < count; ++next)
                out[next] = one(next);
            break;
        }
        const std::size_t hangs = wait_until_stalled(*caller, limits.stall);
        caller->take(out);
        if (hangs == count)
            break;
        const bool is_full = hangs > next && caller->wait(milliseconds(0));
        next = is_full ? hangs : hangs + 1;  // a call that ends its process does so again
        if (is_full)
            continue;
        caller->results.stop_after(hangs);
        give_up = Clock::now() + limits.deadline - limits.stall;
        limits.stall = std::max(limits.stall / 2, kShortestStall);
        hanging.push_back(std::move(caller));
    }
    for (const auto& caller : hanging) {
        const auto left = std::chrono::ceil<milliseconds>(give_up - Clock::now());
        (void)caller->wait(std::max(left, milliseconds(0)));
        caller->take(out);
    }
    return out;
}

}  // namespace base

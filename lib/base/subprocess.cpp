// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/subprocess.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/clock.hpp"
#include "base/non_copyable.hpp"
#include "base/pidfd.hpp"
#include "base/unique_fd.hpp"

/// A script may hang, may exit before it has read its input, may fill one pipe while we write to
/// another, and may leave a child that keeps the pipes open. So one poll() serves all three pipes,
/// the end of the process is the end of the call, and a deadline kills the process group.
namespace base {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxOutput = std::size_t{1} << 20;
constexpr milliseconds kDrain{100};  ///< for what is still in the pipes when the process has ended
constexpr std::array kBlockedSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

sigset_t blocked_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : kBlockedSignals)
        sigaddset(&set, signal);
    return set;
}

struct PipePair {
    UniqueFd read;
    UniqueFd write;

    bool open() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            return false;
        read.reset(ends[0]);
        write.reset(ends[1]);
        return true;
    }
};

/// posix_spawn's two objects, with the settings of every script.
class SpawnAttributes : base::NonCopyable {
  public:
    SpawnAttributes(const PipePair& in, const PipePair& out, const PipePair& err) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, in.read.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, out.write.get(), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, err.write.get(), STDERR_FILENO);
        posix_spawnattr_init(&attributes_);
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        for (const int signal : kBlockedSignals)
            sigdelset(&mask, signal);
        posix_spawnattr_setsigmask(&attributes_, &mask);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    }
    ~SpawnAttributes() {
        posix_spawnattr_destroy(&attributes_);
        posix_spawn_file_actions_destroy(&actions_);
    }

    int spawn(pid_t& pid, const std::string& path, std::vector<std::string> words) const {
        words.insert(words.begin(), path);
        std::vector<char*> pointers;
        for (std::string& word : words)
            pointers.push_back(word.data());
        pointers.push_back(nullptr);
        return ::posix_spawn(&pid, path.c_str(), &actions_, &attributes_, pointers.data(), environ);
    }

  private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// Reads the available bytes; closes the pipe at its end.
void read_available(UniqueFd& pipe, std::string& into) {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(pipe.get(), buffer.data(), buffer.size());
    if (got > 0) {
        const std::size_t free_space = kMaxOutput - std::min(kMaxOutput, into.size());
        into.append(buffer.data(), std::min(free_space, static_cast<std::size_t>(got)));
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        pipe.reset();
    }
}

/// Writes what fits; closes the pipe when all is written or it has no reader.
void write_available(UniqueFd& pipe, const std::string& input, std::size_t& written) {
    const ssize_t put = ::write(pipe.get(), input.data() + written, input.size() - written);
    if (put > 0)
        written += static_cast<std::size_t>(put);
    const bool broken = put < 0 && errno != EINTR && errno != EAGAIN;
    if (broken || written == input.size())
        pipe.reset();
}

int remaining_ms(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

/// One running script.
class Subprocess {
  public:
    Subprocess(pid_t pid, UniqueFd in, UniqueFd out, UniqueFd err, const std::string& input)
        : pid_(pid),
          process_(::pidfd_open(pid, 0)),
          in_(std::move(in)),
          out_(std::move(out)),
          err_(std::move(err)),
          input_(input) {
        ::fcntl(in_.get(), F_SETFL, O_NONBLOCK);
        if (input_.empty())
            in_.reset();
    }

    SubprocessResult run(milliseconds timeout) {
        auto deadline = Clock::now() + timeout;
        while (!over() && remaining_ms(deadline) > 0) {
            step(deadline);
            if (ended_ && !draining_) {
                draining_ = true;
                deadline = std::min(deadline, Clock::now() + kDrain);
            }
        }
        return ended_ ? finish() : stop();
    }

  private:
    [[nodiscard]] bool over() const { return ended_ && !out_.valid() && !err_.valid(); }

    void step(Clock::time_point deadline) {
        std::array<pollfd, 4> fds = {{{ended_ ? -1 : process_.get(), POLLIN, 0},
                                      {in_.get(), POLLOUT, 0},
                                      {out_.get(), POLLIN, 0},
                                      {err_.get(), POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), remaining_ms(deadline)) <= 0)
            return;
        if (fds[1].revents != 0)
            write_available(in_, input_, written_);
        if (fds[2].revents != 0)
            read_available(out_, end_.out);
        if (fds[3].revents != 0)
            read_available(err_, end_.err);
        if (fds[0].revents != 0)
            ended_ = true;
    }

    SubprocessResult finish() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        end_.how =
            WIFEXITED(status) ? SubprocessResult::How::kExited : SubprocessResult::How::kKilled;
        end_.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
        return std::move(end_);
    }

    SubprocessResult stop() {
        ::kill(-pid_, SIGKILL);
        SubprocessResult end = finish();
        end.how = SubprocessResult::How::kTimedOut;
        return end;
    }

    pid_t pid_;
    UniqueFd process_;
    UniqueFd in_;
    UniqueFd out_;
    UniqueFd err_;
    const std::string& input_;
    std::size_t written_ = 0;
    bool ended_ = false;
    bool draining_ = false;
    SubprocessResult end_;
};

}  // namespace

Result<SubprocessResult> run_subprocess(const std::string& path,
                                        const std::vector<std::string>& arguments,
                                        const std::string& input, milliseconds timeout) {
    PipePair in;
    PipePair out;
    PipePair err;
    if (!in.open() || !out.open() || !err.open())
        return fail_errno(errno, "make pipes for", path);
    const ScopedSignalBlock held;
    pid_t pid = -1;
    if (const int errnum = SpawnAttributes(in, out, err).spawn(pid, path, arguments); errnum != 0)
        return fail_errno(errnum, "run", path);
    in.read.reset();
    out.write.reset();
    err.write.reset();
    return Subprocess(pid, std::move(in.write), std::move(out.read), std::move(err.read), input)
        .run(timeout);
}

ScopedSignalBlock::ScopedSignalBlock() {
    const sigset_t held = blocked_signals();
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
}

ScopedSignalBlock::~ScopedSignalBlock() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    const timespec now{};
    // A SIGPIPE that our write raised is discarded, unless SIGPIPE was blocked before.
    if (sigismember(&before_, SIGPIPE) == 0)
        while (::sigtimedwait(&pipe, nullptr, &now) > 0) {
        }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace base

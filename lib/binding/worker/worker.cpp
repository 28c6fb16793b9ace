// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/worker/worker.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/abandonable_process.hpp"
#include "base/clock.hpp"
#include "base/try.hpp"

namespace binding {
namespace {

using base::fail_errno;
using base::propagate;
using base::Result;
using base::UniqueFd;

/// The next line up to its newline; nothing at the end.
std::optional<std::string> next_line(int fd, std::string& unread) {
    for (;;) {
        if (const std::size_t end = unread.find('\n'); end != std::string::npos) {
            std::string line = unread.substr(0, end);
            unread.erase(0, end + 1);
            return line;
        }
        std::array<char, 4096> buffer;
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return std::nullopt;
        unread.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

bool send_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

using base::Clock;

/// The worker's ends.
struct WorkerChannels {
    UniqueFd requests;  ///< and answers
    UniqueFd progress;
};

/// An empty answer wakes the parent when the socket for progress is full.
constexpr std::string_view kEmptyAnswer = "\n";

void send_progress(const WorkerChannels& channels, const std::string& line) {
    const std::string text =
        std::to_string(Clock::now().time_since_epoch().count()) + " " + line + "\n";
    const ssize_t put =
        ::send(channels.progress.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    const std::size_t sent = put > 0 ? static_cast<std::size_t>(put) : 0;
    if (sent < text.size() && send_all(channels.requests.get(), kEmptyAnswer))
        (void)send_all(channels.progress.get(), std::string_view(text).substr(sent));
}

/// The worker's whole life. It finishes the transaction it is in.
void worker_main(const WorkerFunction& work, const WorkerChannels& channels) {
    const auto report = [&channels](const std::string& line) { send_progress(channels, line); };
    std::string unread;
    while (const auto request = next_line(channels.requests.get(), unread))
        (void)send_all(channels.requests.get(), work(*request, report) + "\n");
}

struct SocketPair {
    UniqueFd ours;
    UniqueFd theirs;
};

Result<SocketPair> socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail_errno(errno, "create a socket pair", "worker");
    return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// "NANOSECONDS LINE"
ProgressText parse_progress(const std::string& text) {
    const char* const end = text.data() + text.size();
    Clock::rep ticks = 0;
    const char* const space = std::from_chars(text.data(), end, ticks).ptr;
    return {Clock::time_point(Clock::duration(ticks)),
            space == end ? std::string() : std::string(space + 1, end)};
}

/// Some thirty times the share of a process that says nothing, and less than the kernel's own
/// urgent threads have.
constexpr int kBoostedNice = -15;
constexpr int kDefaultNice = 0;

}  // namespace

Result<Worker> Worker::start(const WorkerFunction& work, const std::vector<int>& close_in_child) {
    auto answers = socket_pair();
    auto progress = answers ? socket_pair() : propagate(answers);
    if (!progress)
        return propagate(progress);
    const pid_t pid = TRY(base::fork_abandonable([&] {
        for (const int fd : close_in_child)
            ::close(fd);
        answers->ours.reset();
        progress->ours.reset();
        worker_main(work, {std::move(answers->theirs), std::move(progress->theirs)});
    }));
    return Worker(pid, std::move(answers->ours), std::move(progress->ours));
}

Result<void> Worker::send(const std::string& request) {
    if (!send_all(answers_.fd.get(), request + "\n"))
        return fail_errno(errno, "ask", "worker");
    return {};
}

bool Worker::LineReader::read(std::vector<std::string>& lines) {
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        unread.append(buffer.data(), static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = unread.find('\n')) != std::string::npos;) {
            lines.push_back(unread.substr(0, end));
            unread.erase(0, end + 1);
        }
        if (static_cast<std::size_t>(got) < buffer.size())
            return true;
    }
}

std::optional<std::vector<std::string>> Worker::read_answers() {
    std::vector<std::string> lines;
    // Answers that it sent before it died count; its death shows at the next read.
    if (!answers_.read(lines) && lines.empty())
        return std::nullopt;
    std::erase(lines, std::string());
    return lines;
}

std::vector<ProgressText> Worker::read_progress() {
    std::vector<std::string> lines;
    (void)progress_.read(lines);
    std::vector<ProgressText> out;
    for (const std::string& line : lines)
        out.push_back(parse_progress(line));
    return out;
}

void Worker::close() {
    answers_.fd.reset();
    progress_.fd.reset();
}

/// Processes forked since may hold our end as well, so closing ours alone is no end of file.
void Worker::close_requests() {
    ::shutdown(answers_.fd.get(), SHUT_RDWR);
}

void Worker::stop() {
    close_requests();
    close();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void Worker::abandon() {
    base::abandon(pid_);
    close();
}

std::string Worker::wait_status() {
    int status = 0;
    close();
    while (::waitpid(pid_, &status, 0) < 0)
        if (errno != EINTR)
            return "unknown";
    if (WIFSIGNALED(status))
        return "signal " + std::to_string(WTERMSIG(status));
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

ScopedPriority::ScopedPriority() {
    errno = 0;
    const bool is_default = ::getpriority(PRIO_PROCESS, 0) == kDefaultNice && errno == 0;
    raised_ = is_default && ::setpriority(PRIO_PROCESS, 0, kBoostedNice) == 0;
}

ScopedPriority::~ScopedPriority() {
    if (raised_)
        (void)::setpriority(PRIO_PROCESS, 0, kDefaultNice);
}

}  // namespace binding

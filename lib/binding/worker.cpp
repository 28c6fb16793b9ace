// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/worker.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace binding {
namespace {

using sysfs::fail_errno;
using sysfs::propagate;
using sysfs::Result;
using sysfs::UniqueFd;

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

using Clock = std::chrono::steady_clock;

/// The worker's ends.
struct Mouth {
    UniqueFd requests;  ///< and answers
    UniqueFd said;
};

/// An empty answer calls the parent when what was said before has left no room.
constexpr std::string_view kMakeRoom = "\n";

void say_aside(const Mouth& mouth, const std::string& line) {
    const std::string text =
        std::to_string(Clock::now().time_since_epoch().count()) + " " + line + "\n";
    const ssize_t put =
        ::send(mouth.said.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    const std::size_t sent = put > 0 ? static_cast<std::size_t>(put) : 0;
    if (sent < text.size() && send_all(mouth.requests.get(), kMakeRoom))
        (void)send_all(mouth.said.get(), std::string_view(text).substr(sent));
}

/// The worker's whole life. A terminal's Ctrl-C goes to every process of the foreground group: the
/// worker leaves it to its parent and finishes the transaction it is in.
[[noreturn]] void live(const Work& work, const Mouth& mouth, pid_t parent) {
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGQUIT, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGTERM, SIG_DFL);
    // A signal mask is inherited; a worker must be endable.
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(1);  // it died before we could ask to die with it
    const auto say = [&mouth](const std::string& line) { say_aside(mouth, line); };
    std::string unread;
    while (const auto request = next_line(mouth.requests.get(), unread))
        (void)send_all(mouth.requests.get(), work(*request, say) + "\n");
    ::_exit(0);
}

struct Pair {
    UniqueFd ours;
    UniqueFd theirs;
};

Result<Pair> socket_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail_errno(errno, "create a socket pair", "worker");
    return Pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// "NANOSECONDS LINE"
Said said_of(const std::string& text) {
    const char* const end = text.data() + text.size();
    Clock::rep ticks = 0;
    const char* const space = std::from_chars(text.data(), end, ticks).ptr;
    return {Clock::time_point(Clock::duration(ticks)),
            space == end ? std::string() : std::string(space + 1, end)};
}

}  // namespace

Result<Worker> Worker::start(const Work& work, const std::vector<int>& close_in_child) {
    auto answers = socket_pair();
    auto said = answers ? socket_pair() : propagate(answers);
    if (!said)
        return propagate(said);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno(errno, "fork", "worker");
    if (pid == 0) {
        for (const int fd : close_in_child)
            ::close(fd);
        answers->ours.reset();
        said->ours.reset();
        live(work, {std::move(answers->theirs), std::move(said->theirs)}, parent);
    }
    return Worker(pid, std::move(answers->ours), std::move(said->ours));
}

Result<void> Worker::ask(const std::string& request) {
    if (!send_all(answers_.fd.get(), request + "\n"))
        return fail_errno(errno, "ask", "worker");
    return {};
}

bool Worker::End::take(std::vector<std::string>& lines) {
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

std::optional<std::vector<std::string>> Worker::answers() {
    std::vector<std::string> lines;
    // What it answered before it died still counts; its death shows at the next look.
    if (!answers_.take(lines) && lines.empty())
        return std::nullopt;
    std::erase(lines, std::string());
    return lines;
}

std::vector<Said> Worker::said() {
    std::vector<std::string> lines;
    (void)said_.take(lines);
    std::vector<Said> out;
    for (const std::string& line : lines)
        out.push_back(said_of(line));
    return out;
}

void Worker::close() {
    answers_.fd.reset();
    said_.fd.reset();
}

/// Processes forked since may have our end as well: closing ours alone would not tell it.
void Worker::dismiss() { ::shutdown(answers_.fd.get(), SHUT_RDWR); }

void Worker::finish() {
    dismiss();
    close();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void Worker::abandon() {
    ::kill(pid_, SIGKILL);
    close();
    // Reaped if the signal ended it at once; else it stays where the kernel keeps it.
    (void)::waitpid(pid_, nullptr, WNOHANG);
}

std::string Worker::death() {
    int status = 0;
    close();
    while (::waitpid(pid_, &status, 0) < 0)
        if (errno != EINTR)
            return "unknown";
    if (WIFSIGNALED(status))
        return "signal " + std::to_string(WTERMSIG(status));
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace binding

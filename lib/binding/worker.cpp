// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/worker.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace binding {
namespace {

using sysfs::fail_errno;
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

/// The worker's whole life. A terminal's Ctrl-C goes to every process of the foreground group: the worker
/// leaves it to its parent and finishes the transaction it is in.
[[noreturn]] void live(const Work& work, int fd, pid_t parent) {
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
    const auto say = [fd](const std::string& line) { (void)send_all(fd, line + "\n"); };
    std::string unread;
    while (const auto request = next_line(fd, unread))
        say(work(*request, say));
    ::_exit(0);
}

}  // namespace

Result<Worker> Worker::start(const Work& work, const std::vector<int>& close_in_child) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail_errno(errno, "create a socket pair", "worker");
    UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno(errno, "fork", "worker");
    if (pid == 0) {
        for (const int fd : close_in_child)
            ::close(fd);
        ours.reset();
        live(work, theirs.get(), parent);
    }
    return Worker(pid, std::move(ours));
}

Result<void> Worker::ask(const std::string& request) {
    if (!send_all(fd_.get(), request + "\n"))
        return fail_errno(errno, "ask", "worker");
    return {};
}

std::optional<std::vector<std::string>> Worker::lines() {
    std::vector<std::string> complete;
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0) {
            // What it said before it died still counts; its death shows at the next look.
            if (complete.empty())
                return std::nullopt;
            break;
        }
        unread_.append(buffer.data(), static_cast<std::size_t>(got));
        const bool all = static_cast<std::size_t>(got) < buffer.size();
        for (std::size_t end = 0; (end = unread_.find('\n')) != std::string::npos;) {
            complete.push_back(unread_.substr(0, end));
            unread_.erase(0, end + 1);
        }
        if (all)
            break;
    }
    return complete;
}

/// Processes forked since may have our end as well: closing ours alone would not tell it.
void Worker::finish() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    fd_.reset();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void Worker::abandon() {
    ::kill(pid_, SIGKILL);
    fd_.reset();
    // Reaped if the signal ended it at once; else it stays where the kernel keeps it.
    (void)::waitpid(pid_, nullptr, WNOHANG);
}

std::string Worker::death() {
    int status = 0;
    fd_.reset();
    while (::waitpid(pid_, &status, 0) < 0)
        if (errno != EINTR)
            return "unknown";
    if (WIFSIGNALED(status))
        return "signal " + std::to_string(WTERMSIG(status));
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace binding

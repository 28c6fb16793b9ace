// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/abandonable_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/dir.hpp"
#include "base/non_copyable.hpp"
#include "base/number.hpp"
#include "base/pidfd.hpp"

namespace base {
namespace {

void close_inherited_fds() {
    if (const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC)); null.valid())
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            ::dup2(null.get(), fd);
    const auto fds = Dir::open("/proc/self/fd");
    const auto names = fds ? fds->entries() : propagate(fds);
    if (!names)
        return;
    for (const std::string& name : *names) {
        const auto fd = parse_decimal(name);
        if (!fd || *fd <= STDERR_FILENO)
            continue;
        const int flags = ::fcntl(static_cast<int>(*fd), F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
            ::close(static_cast<int>(*fd));
    }
}

/// A terminal's Ctrl-C goes to every process of the foreground group; the parent decides.
void become_abandonable(pid_t parent) {
    for (const int each : {SIGINT, SIGQUIT, SIGHUP})
        ::signal(each, SIG_IGN);
    ::signal(SIGTERM, SIG_DFL);
    sigset_t none;  // a mask is inherited
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(1);  // it died before we could ask to die with it
    close_inherited_fds();
}

/// Processes that were killed and had not ended yet: one list, as they are children of the process
/// and of no thread. By descriptors: where somebody else has waited for one, its number may be
/// another's.
class AbandonedProcesses : NonCopyable {
  public:
    void add(UniqueFd process) {
        const std::lock_guard lock(mutex_);
        processes_.push_back(std::move(process));
    }
    void reap() {
        const std::lock_guard lock(mutex_);
        std::erase_if(processes_, [](const UniqueFd& each) { return has_ended(each); });
    }

  private:
    std::mutex mutex_;
    std::vector<UniqueFd> processes_;
};

AbandonedProcesses& abandoned_processes() {
    static AbandonedProcesses processes;
    return processes;
}

}  // namespace

Result<pid_t> fork_abandonable(const std::function<void()>& body) {
    abandoned_processes().reap();
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno(errno, "fork", "a process");
    if (pid > 0)
        return pid;
    become_abandonable(parent);
    body();
    ::_exit(0);
}

void abandon(pid_t process) {
    abandoned_processes().add(UniqueFd(::pidfd_open(process, 0)));
    ::kill(process, SIGKILL);
    abandoned_processes().reap();
}

bool has_ended(const UniqueFd& process) {
    siginfo_t info{};
    return ::waitid(P_PIDFD, static_cast<id_t>(process.get()), &info, WEXITED | WNOHANG) != 0 ||
           info.si_pid != 0;
}

}  // namespace base

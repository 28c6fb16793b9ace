// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/file_watch.hpp"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace bindd {
namespace {

constexpr std::uint32_t kPolicyEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                        IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;

std::string parent_directory(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

base::Result<std::unique_ptr<FileWatch>> FileWatch::make(
    sd_event* event, const std::vector<std::string>& policies,
    std::function<void()> on_policies_changed,
    std::function<void(const std::string&)> on_file_written) {
    base::UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd.valid())
        return base::fail_errno(errno, "watch", "policy files");
    return std::unique_ptr<FileWatch>(new FileWatch(event, std::move(fd), policies,
                                                    std::move(on_policies_changed),
                                                    std::move(on_file_written)));
}

FileWatch::FileWatch(sd_event* event, base::UniqueFd fd, const std::vector<std::string>& policies,
                     std::function<void()> on_policies_changed,
                     std::function<void(const std::string&)> on_file_written)
    : fd_(std::move(fd)),
      policies_(policies),
      on_policies_changed_(std::move(on_policies_changed)),
      on_file_written_(std::move(on_file_written)),
      watch_(event, fd_.get(), EPOLLIN, [this](std::uint32_t) { on_readable(); }) {
    watch_policies();
}

/// Adding an existing watch again changes nothing, so all are added after every event. For an
/// absent path the nearest existing directory above it is watched.
void FileWatch::watch_policies() {
    for (const std::string& path : policies_) {
        std::string at = path;
        while (::inotify_add_watch(fd_.get(), at.c_str(), kPolicyEvents) < 0 && at != "/")
            at = parent_directory(at);
        // A rename replaces the watched file: only its directory has an event for that.
        if (at == path)
            (void)::inotify_add_watch(fd_.get(), parent_directory(path).c_str(),
                                      IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR);
    }
}

void FileWatch::watch_files(const std::set<std::string>& files) {
    std::erase_if(files_, [&](const auto& entry) {
        if (files.contains(entry.first))
            return false;
        (void)::inotify_rm_watch(fd_.get(), entry.second);
        file_by_watch_.erase(entry.second);
        return true;
    });
    for (const std::string& file : files) {
        if (files_.contains(file))
            continue;
        // A device that vanished meanwhile has no such file.
        const int watch = ::inotify_add_watch(fd_.get(), file.c_str(), IN_MODIFY);
        if (watch >= 0) {
            files_[file] = watch;
            file_by_watch_[watch] = file;
        }
    }
}

void FileWatch::on_readable() {
    bool policies = false;
    std::set<std::string> written;
    alignas(inotify_event) std::array<char, 16384> buffer{};
    for (ssize_t got = 0; (got = ::read(fd_.get(), buffer.data(), buffer.size())) > 0;)
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            at += sizeof(inotify_event) + event->len;
            const auto file = file_by_watch_.find(event->wd);
            // The kernel's queue was full (inotify(7)): anything may have changed since.
            if ((event->mask & IN_Q_OVERFLOW) != 0)
                for (const auto& [path, watch] : files_)
                    written.insert(path);
            if (file == file_by_watch_.end()) {
                policies = policies || (event->mask & IN_IGNORED) == 0;
            } else if ((event->mask & IN_IGNORED) != 0) {
                files_.erase(file->second);
                file_by_watch_.erase(file);
            } else {
                written.insert(file->second);
            }
        }
    for (const std::string& file : written)
        on_file_written_(file);
    if (!policies)
        return;
    watch_policies();
    on_policies_changed_();
}

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "bindd/loop/event_loop.hpp"

namespace bindd {

/// Watches policy directories and files, including absent ones, and the driver_override files of
/// managed devices: writing these causes no uevent, but an inotify event.
class FileWatch {
  public:
    [[nodiscard]] static base::Result<std::unique_ptr<FileWatch>> make(
        sd_event* event, const std::vector<std::string>& policies,
        std::function<void()> on_policies_changed,
        std::function<void(const std::string&)> on_file_written);

    /// Replaces the watched driver_override files.
    void watch_files(const std::set<std::string>& files);

  private:
    FileWatch(sd_event* event, base::UniqueFd fd, const std::vector<std::string>& policies,
              std::function<void()> on_policies_changed,
              std::function<void(const std::string&)> on_file_written);
    void watch_policies();
    void on_readable();

    base::UniqueFd fd_;
    std::vector<std::string> policies_;
    std::function<void()> on_policies_changed_;
    std::function<void(const std::string&)> on_file_written_;
    std::map<std::string, int> files_;
    std::map<int, std::string> file_by_watch_;
    IoWatch watch_;
};

}  // namespace bindd

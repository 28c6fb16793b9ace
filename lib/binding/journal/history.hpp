// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/codec/managed_device.hpp"
#include "binding/journal/state_dir.hpp"

namespace binding {

/// Appends to the history, a JSON line each, and makes it durable once. Past 1 MiB the file becomes
/// history.1 and a new one is begun.
[[nodiscard]] base::Result<void> append_history(const StateDir& state,
                                                const std::vector<HistoryEntry>& entries);

/// The history as it was when this was made, oldest first, for those who cannot stay away for as
/// long as all of it takes.
class HistoryReader {
  public:
    [[nodiscard]] static base::Result<HistoryReader> open(const StateDir& state);
    [[nodiscard]] std::optional<HistoryEntry> next();

  private:
    explicit HistoryReader(std::string text) : text_(std::move(text)) {}
    std::string text_;
    std::size_t at_ = 0;
};

/// The whole history, oldest first.
[[nodiscard]] base::Result<std::vector<HistoryEntry>> read_history(const StateDir& state);

/// The last entry of each device, or of each of `only`, which is searched from the end of the
/// history and mostly reads little of it. Empty if the history cannot be read (it is root's).
[[nodiscard]] LatestHistory latest_history(const StateDir& state);
[[nodiscard]] LatestHistory latest_history(const StateDir& state, std::set<sysfs::DeviceId> only);

}  // namespace binding

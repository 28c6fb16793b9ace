// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/journal/managed_device.hpp"
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

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/journal/state_dir.hpp"

namespace binding {

/// Reads a journal that other processes write. A repeated read() replays only the records that were
/// appended since; a journal that was replaced (another boot, compaction) is replayed from its
/// beginning. Needs no lock: the state may be a moment old.
class JournalReader {
  public:
    explicit JournalReader(StateDir state) : state_(std::move(state)) {}

    /// An absent journal, and one of another boot, is an empty state. Damaged lines are counted and
    /// skipped.
    [[nodiscard]] base::Result<JournalState> read();

  private:
    [[nodiscard]] base::Result<bool> open();

    StateDir state_;
    base::UniqueFd
        fd_;  ///< kept open: no other file can have its inode's number while we compare it
    std::size_t read_ = 0;
    JournalState journal_state_;
};

/// The id of this boot; empty when the kernel does not report it.
[[nodiscard]] std::string this_boot(const StateDir& state);

}  // namespace binding

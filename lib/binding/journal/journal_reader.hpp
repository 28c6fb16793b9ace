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

/// The state of a journal that other processes write. Repeated calls read only what has been
/// appended since; a journal that was rewritten (another boot, compaction) is replayed from its
/// beginning. It takes no lock, so the state may be slightly old.
class JournalReader {
  public:
    explicit JournalReader(StateDir state) : state_(std::move(state)) {}

    /// An absent journal, and one of another boot, is an empty state. Damaged lines are counted
    /// and skipped.
    [[nodiscard]] base::Result<JournalState> read();

  private:
    [[nodiscard]] base::Result<bool> open();

    StateDir state_;
    base::UniqueFd
        fd_;  ///< kept open: no other file can have its inode's number while we compare it
    std::size_t read_ = 0;
    JournalState journal_state_;
};

/// The id of the boot that this is; empty when the kernel does not tell.
[[nodiscard]] std::string this_boot(const StateDir& state);

}  // namespace binding

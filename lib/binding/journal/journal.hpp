// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "binding/codec/record.hpp"
#include "binding/journal/journal_reader.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/journal/state_dir.hpp"

namespace binding {

/// Must the record be on disk before the call returns? An intent must, since the write to the
/// kernel follows it. A write's result need not: an undo reads the kernel instead.
enum class Sync { kNow, kLater };

/// The journal file, open for appending. Forked workers append to the same open file, each record
/// in one write at the file's end.
class Journal {
  public:
    struct OpenResult;
    /// Creates the file, with this boot's id in its first record, if it is absent or of another
    /// boot.
    [[nodiscard]] static base::Result<OpenResult> open(const StateDir& state);
    [[nodiscard]] static base::Result<OpenResult> open(const StateDir& state,
                                                       JournalReader& reader);

    [[nodiscard]] base::Result<void> append(const Record& record, Sync sync);
    /// Replaces the file by the fewest records of the same state. The caller holds the lock, and no
    /// worker appends.
    [[nodiscard]] base::Result<void> compact(const JournalState& journal_state);
    [[nodiscard]] std::size_t size() const;

  private:
    Journal(StateDir state, base::UniqueFd fd) : state_(std::move(state)), fd_(std::move(fd)) {}
    StateDir state_;
    base::UniqueFd fd_;
};

/// The journal and its state when it was opened.
struct Journal::OpenResult {
    Journal journal;
    JournalState journal_state;
};

/// Replays the journal; an absent one, and one of another boot, is an empty state. Damaged lines
/// are counted and skipped. Needs no lock: the state may be a moment old.
[[nodiscard]] base::Result<JournalState> read_journal(const StateDir& state);

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "binding/ledger.hpp"
#include "binding/record.hpp"
#include "binding/state_dir.hpp"
#include "sysfs/result.hpp"
#include "sysfs/unique_fd.hpp"

namespace binding {

/// Must the record be on disk before the call returns? An intent must: the write to the kernel follows it.
/// That a write came back need not: an undo looks at the kernel, not at this.
enum class Sync { kNow, kLater };

/// The journal file, open for appending. Forked workers append to the same open file, each record in
/// one write at the file's end.
class Journal {
  public:
    struct Opened;
    /// Makes the file, with this boot's id in its first record, where there is none, or only one of
    /// another boot.
    [[nodiscard]] static sysfs::Result<Opened> open(const StateDir& state);

    [[nodiscard]] sysfs::Result<void> append(const Record& record, Sync sync);
    /// Written anew with what it comes to, when it has grown; to be called by the lock's holder while no
    /// worker appends.
    [[nodiscard]] sysfs::Result<void> compact(const Ledger& ledger);
    [[nodiscard]] std::size_t size() const;

  private:
    Journal(StateDir state, sysfs::UniqueFd fd) : state_(std::move(state)), fd_(std::move(fd)) {}
    StateDir state_;
    sysfs::UniqueFd fd_;
};

/// The journal and what it came to when it was opened.
struct Journal::Opened {
    Journal journal;
    Ledger ledger;
};

/// Replays the journal; an absent one, and one of another boot, is an empty ledger. Damaged lines are
/// counted and skipped. Needs no lock: what it sees is what was true a moment ago.
[[nodiscard]] sysfs::Result<Ledger> read_ledger(const StateDir& state);

}  // namespace binding

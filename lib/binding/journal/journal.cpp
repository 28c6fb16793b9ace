// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "base/try.hpp"

/// How the journal stays true whatever dies.
///
/// A record is one write() at the end of a file opened O_APPEND, followed by fdatasync where
/// something depends on it. Workers append side by side: the kernel orders their writes. A process
/// killed inside its write can leave the front part of a record; so a record *begins* with the
/// newline, which ends whatever stood there torn, and the next record is whole again. A torn
/// record's checksum fails and it is skipped: its write to the kernel had not been started, since
/// that waits for the sync.
///
/// The file is replaced (a new boot, compaction) by writing a new one beside it, syncing it,
/// renaming it over the old and syncing the directory: there is the old one or the new one at any
/// moment.
namespace binding {
namespace {

using base::fail_errno;
using base::Result;
using base::UniqueFd;

Result<void> notify_write(const StateDir& state, const char* what) {
    const int errnum = state.on_write ? state.on_write(what) : 0;
    return errnum == 0 ? Result<void>() : fail_errno(errnum, what, state.journal_path());
}

Result<void> replace(const StateDir& state, const JournalState& journal_state) {
    const std::string path = state.journal_path();
    const std::string next = path + ".new";
    std::string text;
    for (const Record& record : journal_state.records())
        text += "\n" + encode_record(record);
    TRY(notify_write(state, "journal.new write"));
    TRY(base::create_file(next, text, 0644, base::Durability::kSynced));
    TRY(notify_write(state, "journal.new rename"));
    TRY(base::rename_file(next, path));
    TRY(notify_write(state, "journal directory sync"));
    return base::sync_directory(state.run);
}

Result<UniqueFd> open_for_append(const StateDir& state) {
    const std::string path = state.journal_path();
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.valid())
        return fail_errno(errno, "open", path);
    return fd;
}

}  // namespace

Result<Journal::OpenResult> Journal::open(const StateDir& state) {
    JournalReader reader(state);
    return open(state, reader);
}

Result<Journal::OpenResult> Journal::open(const StateDir& state, JournalReader& reader) {
    TRY(base::make_directories(state.run));
    auto journal_state = TRY(reader.read());
    const std::string boot = this_boot(state);
    if (journal_state.boot_id != boot || ::access(state.journal_path().c_str(), F_OK) != 0) {
        journal_state = JournalState{};
        journal_state.boot_id = boot;
        TRY(replace(state, journal_state));
    }
    return OpenResult{Journal(state, TRY(open_for_append(state))), std::move(journal_state)};
}

Result<void> Journal::append(const Record& record, Sync sync) {
    const std::string path = state_.journal_path();
    TRY(notify_write(state_, "journal write"));
    TRY(base::write_all(fd_.get(), "\n" + encode_record(record), path));
    if (sync == Sync::kNow) {
        TRY(notify_write(state_, "journal sync"));
        TRY(base::sync_data(fd_.get(), path));
    }
    return notify_write(state_, "journal written");
}

Result<void> Journal::compact(const JournalState& journal_state) {
    TRY(replace(state_, journal_state));
    fd_ = TRY(open_for_append(state_));
    return {};
}

std::size_t Journal::size() const {
    struct stat status {};
    return ::fstat(fd_.get(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

Result<JournalState> read_journal(const StateDir& state) {
    return JournalReader(state).read();
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/journal_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/file_io.hpp"
#include "base/path_root.hpp"
#include "base/try.hpp"

namespace binding {
namespace {

using base::fail_errno;
using base::propagate;
using base::Result;
using base::UniqueFd;

/// Is it the same file, only longer?
bool is_continued(int fd, int known, std::size_t read) {
    struct stat now {};
    struct stat before {};
    return ::fstat(fd, &now) == 0 && ::fstat(known, &before) == 0 && now.st_dev == before.st_dev &&
           now.st_ino == before.st_ino && static_cast<std::size_t>(now.st_size) >= read;
}

/// Applies the records of `text` and returns how much of it was consumed. A last line without a
/// newline is consumed if it is a whole record; otherwise the rest of it may still be written.
std::size_t replay(std::string_view text, JournalState& journal_state) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string_view line = text.substr(at, end == text.npos ? end : end - at);
        if (!line.empty()) {
            ++journal_state.lines;
            if (const auto record = decode_record(line))
                journal_state.apply(*record);
            else if (end == text.npos) {
                --journal_state.lines;
                return at;
            } else
                ++journal_state.damaged_lines;
        }
        at = end == text.npos ? text.size() : end + 1;
    }
    return text.size();
}

}  // namespace

std::string this_boot(const StateDir& state) {
    const auto text = base::read_file(state.boot_id);
    return text ? text->substr(0, text->find('\n')) : std::string();
}

/// Is there a journal?
Result<bool> JournalReader::open() {
    const std::string path = state_.journal_path();
    UniqueFd fd = base::open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd.valid() && errno != ENOENT)
        return fail_errno(errno, "open", path);
    if (fd.valid() && fd_.valid() && is_continued(fd.get(), fd_.get(), read_))
        return true;
    journal_state_ = JournalState{};
    read_ = 0;
    fd_ = std::move(fd);
    return fd_.valid();
}

Result<JournalState> JournalReader::read() {
    const auto there = open();
    if (!there)
        return propagate(there);
    if (!*there)
        return JournalState{};
    // A partial record of the last time is read again.
    if (::lseek(fd_.get(), static_cast<off_t>(read_), SEEK_SET) < 0)
        return fail_errno(errno, "read", state_.journal_path());
    const auto text = TRY(base::read_rest(fd_.get(), state_.journal_path()));
    const std::size_t consumed = replay(text, journal_state_);
    read_ += consumed;
    JournalState current = journal_state_;
    // A partial record at the end counts as damaged for now.
    current.damaged_lines += consumed < text.size() ? 1 : 0;
    if (current.boot_id == this_boot(state_))
        return current;
    JournalState other_boot;
    other_boot.damaged_lines = current.damaged_lines;
    return other_boot;
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "binding/files.hpp"
#include "binding/journal.hpp"

namespace binding {
namespace {

using sysfs::fail_errno;
using sysfs::propagate;
using sysfs::Result;
using sysfs::UniqueFd;

Result<std::string> read_from(int fd, std::size_t offset, const std::string& path) {
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset + text.size()));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(errno, "read", path);
        if (got == 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

/// The same file, which has only grown?
bool is_continued(int fd, int known, std::size_t read) {
    struct stat now {};
    struct stat before {};
    return ::fstat(fd, &now) == 0 && ::fstat(known, &before) == 0 && now.st_dev == before.st_dev &&
           now.st_ino == before.st_ino && static_cast<std::size_t>(now.st_size) >= read;
}

}  // namespace

std::size_t replay(std::string_view text, Ledger& ledger) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string_view line = text.substr(at, end == text.npos ? end : end - at);
        if (!line.empty()) {
            if (const auto record = decode(line))
                ledger.take(*record);
            else if (end == text.npos)
                return at;
            else
                ++ledger.damaged_lines;
        }
        at = end == text.npos ? text.size() : end + 1;
    }
    return text.size();
}

/// Is there a journal?
Result<bool> JournalReader::open() {
    const std::string path = state_.journal_path();
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() && errno != ENOENT)
        return fail_errno(errno, "open", path);
    if (fd.valid() && fd_.valid() && is_continued(fd.get(), fd_.get(), read_))
        return true;
    ledger_ = Ledger{};
    read_ = 0;
    fd_ = std::move(fd);
    return fd_.valid();
}

Result<Ledger> JournalReader::ledger() {
    const auto there = open();
    if (!there)
        return propagate(there);
    if (!*there)
        return Ledger{};
    const auto text = read_from(fd_.get(), read_, state_.journal_path());
    if (!text)
        return propagate(text);
    const std::size_t taken = replay(*text, ledger_);
    read_ += taken;
    Ledger told = ledger_;
    // As far as anyone can tell now.
    told.damaged_lines += taken < text->size() ? 1 : 0;
    const auto boot = read_file(state_.boot_id);
    if (boot && told.boot_id == boot->substr(0, boot->find('\n')))
        return told;
    Ledger other_boot;
    other_boot.damaged_lines = told.damaged_lines;
    return other_boot;
}

Result<Ledger> read_ledger(const StateDir& state) {
    return JournalReader(state).ledger();
}

}  // namespace binding

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/history.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "base/try.hpp"
#include "binding/codec/record_fields.hpp"
#include "binding/journal/journal.hpp"

namespace binding {
namespace {

using base::fail_errno;
using base::propagate;
using base::Result;

constexpr off_t kRotateAt = 1 << 20;

Result<HistoryEntry> decode_entry(std::string_view line) {
    return decode_fields<HistoryEntry>(line, "history entry");
}

/// The devices of an entry without decoding the rest of it; none for a torn line.
std::vector<sysfs::DeviceId> decode_devices(std::string_view line) {
    constexpr std::string_view kKey = R"("devices":)";
    const std::size_t key = line.find(kKey);
    const std::size_t end = line.find(']', key);
    if (key == line.npos || end == line.npos)
        return {};
    const std::size_t begin = key + kKey.size();
    return decode_fields<std::vector<sysfs::DeviceId>>(line.substr(begin, end + 1 - begin),
                                                       "devices")
        .value_or(std::vector<sysfs::DeviceId>());
}

/// Goes through entries from the newest to the oldest.
class LatestReader {
  public:
    explicit LatestReader(std::optional<std::set<sysfs::DeviceId>> only) : only_(std::move(only)) {}

    void read(std::string_view text) {
        while (!text.empty() && !has_all()) {
            const std::size_t begin = text.rfind('\n') + 1;  // 0 where there is none
            read_line(text.substr(begin));
            text = text.substr(0, begin == 0 ? 0 : begin - 1);
        }
    }
    [[nodiscard]] bool has_all() const { return only_ && only_->empty(); }
    [[nodiscard]] LatestHistory latest() && { return std::move(latest_); }

  private:
    void read_line(std::string_view line) {
        std::vector<sysfs::DeviceId> asked = decode_devices(line);
        std::erase_if(asked, [&](const sysfs::DeviceId& id) {
            return latest_.contains(id) || (only_ && !only_->contains(id));
        });
        if (asked.empty())
            return;
        const auto entry = decode_entry(line);
        if (!entry)
            return;  // a torn line
        for (const sysfs::DeviceId& id : asked) {
            latest_.emplace(id, *entry);
            if (only_)
                only_->erase(id);
        }
    }

    std::optional<std::set<sysfs::DeviceId>> only_;  ///< those that are still to be found
    LatestHistory latest_;
};

LatestHistory read_latest(const StateDir& state, std::optional<std::set<sysfs::DeviceId>> only) {
    LatestReader reader(std::move(only));
    for (const std::string& path : {state.history_path(), state.history_path() + ".1"})
        if (!reader.has_all())
            if (const auto text = base::read_file(path))
                reader.read(*text);
    return std::move(reader).latest();
}

/// The file may end inside a line that a power cut tore; the next entry must not be lost with it.
bool ends_inside_a_line(int fd) {
    char last = '\n';
    const off_t end = ::lseek(fd, 0, SEEK_END);
    return end > 0 && ::pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

}  // namespace

Result<void> append_history(const StateDir& state, const std::vector<HistoryEntry>& entries) {
    if (entries.empty())
        return {};
    TRY(base::make_directories(state.lib));
    const std::string path = state.history_path();
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && status.st_size > kRotateAt)
        TRY(base::rename_file(path, path + ".1"));
    const base::UniqueFd fd(
        ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd.valid())
        return fail_errno(errno, "open", path);
    // Its readers need no rights, whatever the umask of its first writer.
    if (::fstat(fd.get(), &status) == 0 && status.st_size == 0)
        (void)::fchmod(fd.get(), 0644);
    std::string text = ends_inside_a_line(fd.get()) ? "\n" : "";
    for (const HistoryEntry& entry : entries)
        text += encode_fields(entry) + "\n";
    if (const int errnum = state.on_write ? state.on_write("history write") : 0; errnum != 0)
        return fail_errno(errnum, "write", path);
    TRY(base::write_all(fd.get(), text, path));
    return base::sync_data(fd.get(), path);
}

Result<HistoryReader> HistoryReader::open(const StateDir& state) {
    std::string all;
    for (const std::string& path : {state.history_path() + ".1", state.history_path()}) {
        const auto text = base::read_file(path);
        if (!text && text.error().code != base::Code::kNotFound)
            return propagate(text);
        if (text)
            all += *text + "\n";
    }
    return HistoryReader(std::move(all));
}

std::optional<HistoryEntry> HistoryReader::next() {
    while (at_ < text_.size()) {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        const std::string_view line = std::string_view(text_).substr(at_, end - at_);
        at_ = end + 1;
        // A torn line of a killed writer is skipped: the history is for people.
        if (auto entry = decode_entry(line))
            return *std::move(entry);
    }
    return std::nullopt;
}

Result<std::vector<HistoryEntry>> read_history(const StateDir& state) {
    auto reader = TRY(HistoryReader::open(state));
    std::vector<HistoryEntry> entries;
    while (auto entry = reader.next())
        entries.push_back(*std::move(entry));
    return entries;
}

LatestHistory latest_history(const StateDir& state) {
    return read_latest(state, std::nullopt);
}

LatestHistory latest_history(const StateDir& state, std::set<sysfs::DeviceId> only) {
    return read_latest(state, std::move(only));
}

}  // namespace binding

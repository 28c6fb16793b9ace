// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/journal_log.hpp"

#include <sys/uio.h>
// Without the location of the caller: it would be this file for every entry.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <syslog.h>
#include <systemd/sd-journal.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/name_table.hpp"
#include "base/utf8.hpp"

namespace bindd {
namespace {

/// By Level.
constexpr std::array kPriorities{LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO};

constexpr base::NameTable<LogEvent::kStopped> kMessageIds{
    "9684fea92b634a37b08044b5d2786eb8",  // kStarted
    "37667750b4c541dcb81732c92feb8868",  // kReady
    "9301b2d70e7d4c7ebf2e11d9c822accc",  // kBound
    "9e97de6bbcef4baaaaec1215137fb682",  // kReleased
    "b8e9863d0323405d987866e7fc34a4eb",  // kRefused
    "25412b3eaaab46feaaa55c968c3a304c",  // kFailed
    "c4535d8696ed42f589b7138d243ec6a3",  // kStuck
    "36efaf945f8b42d880fe63bb3018c597",  // kRecovered
    "041452e4c2704d0fbe4fe18c8323346d",  // kDrift
    "15d3b89edac94b7da4fbea1063bc2522",  // kPolicyLoaded
    "ba077ea309164fbe8b53b3eb1c46e7e9",  // kPolicyRejected
    "8bdf580c9ee940a6b0c5d539225a0b9b",  // kPending
    "308755bfed504c4b99eba6895dac4704",  // kWarning
    "09ff05334d3346d4826fc315d88647db"   // kStopped
};

}  // namespace

const char* message_id(LogEvent event) {
    return kMessageIds[event];
}

Log::Sink Log::default_sink() {
    return std::getenv("JOURNAL_STREAM") != nullptr ? Sink::kJournal : Sink::kStderr;
}

void Log::write(const LogEntry& entry) const {
    const std::string text = base::printable_lines(entry.text);
    if (sink_ == Sink::kStderr) {
        std::fprintf(stderr, "bindd: %s\n", text.c_str());
        return;
    }
    std::vector<std::string> fields{
        "MESSAGE=" + text,
        "PRIORITY=" + std::to_string(kPriorities.at(static_cast<std::size_t>(entry.level))),
        std::string("MESSAGE_ID=") + message_id(entry.event), "SYSLOG_IDENTIFIER=bindd"};
    for (const auto& [name, value] : entry.fields)
        fields.push_back(name + "=" + base::printable_lines(value));
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (std::string& field : fields)
        parts.push_back({field.data(), field.size()});
    // Nothing can be done about a journal that cannot be reached.
    (void)sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace bindd

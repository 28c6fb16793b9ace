// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/journal_log.hpp"

#include <sys/uio.h>
// Without the location of the caller: it would be this file for every entry.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <syslog.h>
#include <systemd/sd-journal.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/utf8.hpp"

namespace bindd {
namespace {

int priority(Level level) {
    switch (level) {
        case Level::kError:
            return LOG_ERR;
        case Level::kWarning:
            return LOG_WARNING;
        case Level::kNotice:
            return LOG_NOTICE;
        case Level::kInfo:
            return LOG_INFO;
    }
    return LOG_INFO;
}

}  // namespace

const char* message_id(LogEvent event) {
    switch (event) {
        case LogEvent::kStarted:
            return "9684fea92b634a37b08044b5d2786eb8";
        case LogEvent::kReady:
            return "37667750b4c541dcb81732c92feb8868";
        case LogEvent::kBound:
            return "9301b2d70e7d4c7ebf2e11d9c822accc";
        case LogEvent::kReleased:
            return "9e97de6bbcef4baaaaec1215137fb682";
        case LogEvent::kRefused:
            return "b8e9863d0323405d987866e7fc34a4eb";
        case LogEvent::kFailed:
            return "25412b3eaaab46feaaa55c968c3a304c";
        case LogEvent::kStuck:
            return "c4535d8696ed42f589b7138d243ec6a3";
        case LogEvent::kRecovered:
            return "36efaf945f8b42d880fe63bb3018c597";
        case LogEvent::kDrift:
            return "041452e4c2704d0fbe4fe18c8323346d";
        case LogEvent::kPolicyLoaded:
            return "15d3b89edac94b7da4fbea1063bc2522";
        case LogEvent::kPolicyRejected:
            return "ba077ea309164fbe8b53b3eb1c46e7e9";
        case LogEvent::kWarning:
            return "308755bfed504c4b99eba6895dac4704";
        case LogEvent::kStopped:
            return "09ff05334d3346d4826fc315d88647db";
    }
    return "";
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
        "MESSAGE=" + text, "PRIORITY=" + std::to_string(priority(entry.level)),
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

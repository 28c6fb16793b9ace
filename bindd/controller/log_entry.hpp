// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bindd {

/// The subject of a journal entry. Each has a message id (`journalctl MESSAGE_ID=...`), which the
/// message catalog explains.
enum class LogEvent {
    kStarted,         ///< the daemon begins
    kReady,           ///< the first reconciliation is complete
    kBound,           ///< a transaction was executed
    kReleased,        ///< devices were given back to the host
    kRefused,         ///< refused, or in conflict
    kFailed,          ///< a transaction failed and was rolled back
    kStuck,           ///< a write did not return
    kRecovered,       ///< an interrupted transaction was rolled back
    kDrift,           ///< a managed device was changed outside bindd
    kPolicyLoaded,    ///< a policy set is in force
    kPolicyRejected,  ///< an invalid set: the one in force stays
    kPending,         ///< a change waits for a request (--apply manual)
    kWarning,         ///< anything else an administrator should know
    kStopped,         ///< the daemon ends
};

enum class Level { kError, kWarning, kNotice, kInfo };

/// One entry of the daemon's log.
struct LogEntry {
    using JournalFields = std::vector<std::pair<std::string, std::string>>;

    Level level = Level::kInfo;
    LogEvent event = LogEvent::kWarning;
    std::string text;
    JournalFields fields{};  ///< "BINDD_DEVICE" → "0000:01:00.0"
};

}  // namespace bindd

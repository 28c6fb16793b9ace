// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bindd {

/// What an entry of the journal is about; each has a message id of its own (`journalctl
/// MESSAGE_ID=...`), which the catalog explains.
enum class LogEvent {
    kStarted,         ///< the daemon begins
    kReady,           ///< the first reconcile is through
    kBound,           ///< a transaction was carried out
    kReleased,        ///< devices went back to the host
    kRefused,         ///< refused, or in conflict
    kFailed,          ///< a transaction failed and was undone
    kStuck,           ///< a write did not return
    kRecovered,       ///< an interrupted transaction was undone
    kDrift,           ///< someone changed by hand what we bound
    kPolicyLoaded,    ///< a policy set is in force
    kPolicyRejected,  ///< a bad set: the one in force stays
    kWarning,         ///< all else that should be known
    kStopped,         ///< the daemon ends
};
[[nodiscard]] const char* message_id(LogEvent message);

enum class Level { kError, kWarning, kNotice, kInfo };

/// The daemon's voice: structured entries for the journal, or lines on stderr when that is not the
/// journal.
class Log {
  public:
    enum class Sink { kJournal, kStderr };
    using Fields =
        std::vector<std::pair<std::string, std::string>>;  ///< "BINDD_DEVICE" → "0000:01:00.0"

    explicit Log(Sink to) : sink_(to) {}
    /// The journal, when systemd has connected stderr to it.
    [[nodiscard]] static Sink default_sink();

    void write(Level level, LogEvent message, const std::string& text,
               const Fields& fields = {}) const;

  private:
    Sink sink_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>

#include "bindd/controller/log_entry.hpp"

namespace bindd {

[[nodiscard]] const char* message_id(LogEvent event);

/// Writes structured entries to the journal, or lines to stderr when that is not the journal.
class Log {
  public:
    enum class Sink { kJournal, kStderr };
    explicit Log(Sink to) : sink_(to) {}
    /// The journal, when systemd has connected stderr to it.
    [[nodiscard]] static Sink default_sink();

    void write(const LogEntry& entry) const;
    void write(Level level, LogEvent event, std::string text) const {
        write(LogEntry{level, event, std::move(text)});
    }

  private:
    Sink sink_;
};

}  // namespace bindd

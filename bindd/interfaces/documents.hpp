// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "bindd/bus/callback.hpp"
#include "bindd/bus/inspection.hpp"
#include "bindd/bus/method_options.hpp"
#include "bindd/bus/object_path.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "bindd/loop/event_loop.hpp"
#include "binding/journal/history.hpp"

namespace bindd {

/// Makes the history document, one chunk at a time: a full history takes more than 100 ms, and
/// other calls and events must not wait for that. Requests that come while a document is being made
/// share the next one.
class HistoryDocuments {
  public:
    HistoryDocuments(sd_event* event, const ControllerRunner& controller);

    /// As `vfioctl history --json`.
    void request(Disclosure disclosure, BusCallback<std::string> callback);

  private:
    void resume();
    [[nodiscard]] bool begin();
    [[nodiscard]] bool add_chunk();
    void reply();

    const ControllerRunner& controller_;
    /// One document for each disclosure that is requested.
    struct HistoryDocument {
        std::vector<BusCallback<std::string>> requests;
        std::string text;
    };
    using HistoryDocumentSet = std::map<Disclosure, HistoryDocument>;
    HistoryDocumentSet next_;
    HistoryDocumentSet current_;  ///< requested before they were begun
    std::optional<binding::HistoryReader> reader_;
    Timer timer_;
};

/// Snapshots of the host for vfioctl, which makes its decisions on one as it would on the host. A
/// snapshot is a sealed memory file: with thousands of devices it is megabytes, too much for a
/// message.
class SnapshotFiles {
  public:
    SnapshotFiles(ControllerRunner& controller, Inspection& inspection, const DevicePaths& paths)
        : controller_(controller), inspection_(inspection), paths_(paths) {}

    /// Needs no permission, but what it shows of users does.
    void create(const Caller& caller, MethodOptions options, BusCallback<base::UniqueFd> callback);

  private:
    ControllerRunner& controller_;
    Inspection& inspection_;
    const DevicePaths& paths_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "bindd/bus/authority.hpp"
#include "bindd/bus/callback.hpp"
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
    void request(BusCallback<std::string> callback);

  private:
    void resume();
    [[nodiscard]] bool begin();
    [[nodiscard]] bool add_chunk();
    void reply(const BusResult<std::string>& answer);

    const ControllerRunner& controller_;
    std::vector<BusCallback<std::string>> next_;
    /// Came before the document was begun.
    std::vector<BusCallback<std::string>> current_;
    std::optional<binding::HistoryReader> reader_;
    std::string document_;
    Timer timer_;
};

/// Snapshots of the host for vfioctl, which makes its decisions on one as it would on the host. A
/// snapshot is a sealed memory file: with thousands of devices it is megabytes, too much for a
/// message.
class SnapshotFiles {
  public:
    SnapshotFiles(ControllerRunner& controller, Authority& authority, const DevicePaths& paths)
        : controller_(controller), authority_(authority), paths_(paths) {}

    /// Needs no permission: `vfioctl plan` shows the same facts.
    void create(const Caller& caller, MethodOptions options, BusCallback<base::UniqueFd> callback);

  private:
    ControllerRunner& controller_;
    Authority& authority_;
    const DevicePaths& paths_;
};

}  // namespace bindd

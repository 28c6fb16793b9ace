// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bindd/bus/callback.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "bindd/loop/event_loop.hpp"
#include "binding/journal/history.hpp"

namespace bindd {

/// The history for whoever asks. Made a chunk at a time: a full one takes more than 100 ms, for
/// which nobody else who calls, and no device that is plugged in, is to wait. Those who ask while
/// one is made share the next.
class HistoryDocuments {
  public:
    HistoryDocuments(sd_event* event, const ControllerRunner& controller);

    /// As `vfioctl history --json` has it.
    void request(BusCallback<std::string> callback);

  private:
    void resume();
    [[nodiscard]] bool begin();
    [[nodiscard]] bool add_chunk();
    void reply(const BusResult<std::string>& answer);

    const ControllerRunner& controller_;
    std::vector<BusCallback<std::string>> next_;
    std::vector<BusCallback<std::string>>
        current_;  ///< before the one under way was begun: it is for them
    std::optional<binding::HistoryReader> reader_;
    std::string document_;
    Timer timer_;
};

}  // namespace bindd

// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bindd/bus_fault.hpp"
#include "bindd/keeper.hpp"
#include "bindd/loop.hpp"
#include "binding/history.hpp"

namespace bindd {

/// The history for whoever asks. Made a part at a time: a full one takes more than 100 ms, for which nobody else who calls,
/// and no device that is plugged in, is to wait. Those who ask while one is made share the next.
class Histories {
  public:
    Histories(sd_event* event, const Keeper& keeper);

    /// As `vfioctl history --json` has it.
    void tell(Answered<std::string> answered);

  private:
    void go_on();
    [[nodiscard]] bool begin();
    [[nodiscard]] bool add_part();
    void answer(const Answer<std::string>& answer);

    const Keeper& keeper_;
    std::vector<Answered<std::string>> waiting_;
    std::vector<Answered<std::string>> asked_;  ///< before the one under way was begun: it is for them
    std::optional<binding::HistoryReader> reader_;
    std::string document_;
    Timer soon_;
};

}  // namespace bindd

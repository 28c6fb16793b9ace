// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>

#include "bindd/bus/bus_service.hpp"
#include "bindd/loop/journal_log.hpp"

namespace bindd {

base::Result<std::shared_ptr<void>> attach_bus(sd_event* event, ControllerRunner& controller,
                                               const std::string& bus,
                                               const std::function<void()>& owned) {
    if (bus == "none") {
        owned();
        return std::shared_ptr<void>();
    }
    auto opened =
        BusService::open(event, controller, {.address = bus == "system" ? "" : bus, .root = {}});
    if (!opened)
        return base::propagate(opened);
    (*opened)->on_name([event, owned](const base::Result<void>& named) {
        if (named)
            return owned();
        Log(Log::default_sink()).write(Level::kError, LogEvent::kStopped, named.error().text());
        (void)sd_event_exit(event, EXIT_FAILURE);
    });
    return std::shared_ptr<void>(std::shared_ptr<BusService>(*std::move(opened)));
}

}  // namespace bindd

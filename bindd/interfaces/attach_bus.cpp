// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/attach_bus.hpp"

#include <cstdlib>

#include "base/try.hpp"
#include "bindd/interfaces/bus_service.hpp"
#include "bindd/loop/journal_log.hpp"

namespace bindd {

base::Result<std::shared_ptr<void>> attach_bus(sd_event* event, ControllerRunner& controller,
                                               const std::string& bus,
                                               const std::function<void()>& owned) {
    if (bus == "none") {
        owned();
        return std::shared_ptr<void>();
    }
    std::shared_ptr<BusService> service = TRY(
        BusService::open(event, controller, {.address = bus == "system" ? "" : bus, .root = {}}));
    service->on_name([event, owned](const base::Result<void>& named) {
        if (named)
            return owned();
        Log(Log::default_sink()).write(Level::kError, LogEvent::kStopped, named.error().text());
        (void)sd_event_exit(event, EXIT_FAILURE);
    });
    return std::shared_ptr<void>(std::move(service));
}

}  // namespace bindd

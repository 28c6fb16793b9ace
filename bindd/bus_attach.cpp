// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>

#include "bindd/bus.hpp"
#include "bindd/log.hpp"

namespace bindd {

sysfs::Result<std::shared_ptr<void>> attach_bus(sd_event* event, Keeper& keeper, const std::string& bus,
                                                const std::function<void()>& owned) {
    if (bus == "none") {
        owned();
        return std::shared_ptr<void>();
    }
    auto opened = Bus::open(event, keeper, {.address = bus == "system" ? "" : bus, .root = {}});
    if (!opened)
        return sysfs::propagate(opened);
    (*opened)->on_name([event, owned](const sysfs::Result<void>& named) {
        if (named)
            return owned();
        Log(Log::best()).say(Level::kError, Message::kStopped, named.error().text());
        (void)sd_event_exit(event, EXIT_FAILURE);
    });
    return std::shared_ptr<void>(std::shared_ptr<Bus>(*std::move(opened)));
}

}  // namespace bindd

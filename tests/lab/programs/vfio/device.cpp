// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_device BACKEND DEVICE CHECK...: opens the device through that backend alone and runs the
// checks with real DMA, interrupts and resets.
#include <array>
#include <cstring>

#include "device_checks.hpp"
#include "vfio/system_calls.hpp"

namespace {

struct Named {
    const char* name;
    void (*check)(Checks&, vfio::VfioDevice&);
};

constexpr std::array<Named, 19> kChecks{{
    {"description", check_description},
    {"config", check_config},
    {"features", check_features},
    {"low-power", check_low_power},
    {"reset", check_reset},
    {"hot-reset", check_hot_reset},
    {"bus-reset", check_bus_reset},
    {"edu-map", check_edu_map},
    {"edu-dma", check_edu_dma},
    {"edu-intx", check_edu_intx},
    {"edu-msi", check_edu_msi},
    {"nvme", check_nvme},
    {"dirty", check_dirty},
    {"mtty", check_mtty},
    {"display", check_display},
    {"doorbell", check_doorbell},
    {"request", check_request},
    {"zpci", check_zpci},
    {"eeh", check_eeh},
}};

int misuse(const char* why) {
    std::fprintf(stderr, "lab_vfio_device BACKEND DEVICE CHECK...: %s\n", why);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4)
        return misuse("too few words");
    const auto backend = vfio::parse_backend(argv[1]);
    if (!backend)
        return misuse("no such backend");
    Checks checks;
    vfio::SystemCalls calls;
    auto device = vfio::VfioDevice::open(calls, argv[2], {.order = {*backend}});
    if (!checks.works(device, std::string(argv[2]) + " opens through " + argv[1]))
        return checks.status();
    checks.that(device->space()->backend() == *backend, "which is the backend it has");
    for (int i = 3; i < argc; ++i) {
        const Named* found = nullptr;
        for (const Named& named : kChecks)
            if (std::strcmp(named.name, argv[i]) == 0)
                found = &named;
        if (found == nullptr)
            return misuse(argv[i]);
        found->check(checks, *device);
    }
    return checks.status();
}

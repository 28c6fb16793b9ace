// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_probe BACKEND DEVICE: what `vfioctl probe --backend BACKEND DEVICE` prints, by the same
// code, without the libraries of the rest of vfioctl: for guests that have none.
#include <cstdio>

#include "vfio/system_calls.hpp"
#include "vfioctl/probe_report.hpp"

int main(int argc, char** argv) {
    const auto backend = argc == 3 ? vfio::parse_backend(argv[1]) : std::nullopt;
    if (!backend)
        return 2;
    vfio::SystemCalls calls;
    const auto device = vfio::Device::open(calls, argv[2], {.order = {*backend}});
    if (!device) {
        std::fprintf(stderr, "%s [%s]\n", device.error().text().c_str(),
                     device.error().hint.c_str());
        return 1;
    }
    std::fputs(vfioctl::probe_text(vfioctl::probe(*device)).c_str(), stdout);
    return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// consumer DEVICE: opens it, maps a page for it and says where.
#include <cstdio>
#include <cstdlib>

#include "vfio/device.hpp"
#include "vfio/system_calls.hpp"

int main(int argc, char** argv) {
    if (argc != 2)
        return 2;
    vfio::SystemCalls calls;
    const auto device = vfio::VfioDevice::open(calls, argv[1]);
    if (!device) {
        std::fprintf(stderr, "%s\n", device.error().text().c_str());
        return 1;
    }
    constexpr std::size_t kLength = 65536;
    void* memory = std::aligned_alloc(kLength, kLength);
    const auto mapping = device->space()->map_scoped(
        {.address = reinterpret_cast<std::uint64_t>(memory), .length = kLength});
    if (!mapping) {
        std::fprintf(stderr, "%s\n", mapping.error().text().c_str());
        return 1;
    }
    std::printf("%s: %zu regions, %zu bytes at %#llx\n",
                std::string(vfio::name(device->space()->backend())).c_str(),
                device->regions().size(), kLength,
                static_cast<unsigned long long>(mapping->iova()));
    return 0;
}

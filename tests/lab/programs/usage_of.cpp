// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Prints the uses of the given PCI devices, one a line: "mounted: nvme0n1p1 on /mnt". For cases of
// the lab; it is not installed.
#include <cstdio>
#include <string>
#include <vector>

#include "sysfs/kernel/live_kernel.hpp"
#include "tests/unit/sysfs/usage/usage_tree.hpp"

int main(int argc, char** argv) {
    sysfs::LiveKernel kernel;
    const auto inventory = kernel.inventory({});
    if (!inventory) {
        std::fprintf(stderr, "usage_of: %s\n", inventory.error().text().c_str());
        return 1;
    }
    std::vector<sysfs::DeviceId> devices;
    for (int i = 1; i < argc; ++i)
        devices.push_back({"pci", argv[i]});
    for (const auto& [id, uses] : kernel.usage(*inventory, devices))
        std::fputs(use_lines(uses).c_str(), stdout);
    return 0;
}

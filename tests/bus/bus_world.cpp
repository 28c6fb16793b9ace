// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bus/bus_world.hpp"

#include <array>
#include <cstdio>

namespace tests {

fake::KernelState bus_world(unsigned extra) {
    fake::Host host;
    host.with_variants();
    host.pci("0000:00:01.0").bridge().group(1).driver("pcieport");
    host.pci("0000:01:00.0").gpu().group(12).driver("nouveau");
    host.pci("0000:01:00.1").audio().group(12).driver("snd_hda_intel");
    host.pci("0000:02:00.0").nic().group(13).driver("e1000e").netdev("eth0");
    host.pci("0000:03:00.0").nic().group(14).driver("e1000e").netdev("eth1");
    host.pci("0000:04:00.0").nvme().group(15).driver("nvme");
    host.pci("0000:05:00.0").nic().group(16).driver("igb").pf(7, 0);
    host.pci("0000:06:00.4").gpu().group(17).driver("nvidia").vgpu_type("1156", "NVIDIA L40-12Q");
    host.alias("pci:v*d*sv*sd*bc01sc08i02*", "nvme");
    host.mdev_parent("mtty").mdev_type("mtty-1", 20).mdev_type("mtty-2", 1);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-1").group(30);
    for (unsigned i = 0; i < extra; ++i) {
        std::array<char, 16> address{};
        std::snprintf(address.data(), address.size(), "%04x:%02x:%02x.%x", 1 + (i >> 16U),
                      (i >> 8U) & 0xffU, (i >> 3U) & 0x1fU, i & 7U);
        host.pci(address.data()).nic().group(static_cast<int>(100 + i)).driver("e1000e");
    }
    fake::KernelState out = fake::KernelState::from(host);
    out.refuse(fake::pci_id("0000:03:00.0"), "vfio-pci", 22);
    return out;
}

}  // namespace tests

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"

#include "tests/fake/host.hpp"
#include "tests/fake/tree.hpp"

namespace tests {
namespace {

constexpr const char* kPciIds =
    "10de  NVIDIA Corporation\n"
    "\t1aef  GA102 High Definition Audio Controller\n"
    "\t2204  GA102 [GeForce RTX 3090]\n"
    "144d  Samsung Electronics Co Ltd\n"
    "\ta808  NVMe SSD Controller SM981/PM981/PM983\n"
    "15b3  Mellanox Technologies\n"
    "\t101d  MT2892 Family [ConnectX-6 Dx]\n"
    "\t101e  ConnectX Family mlx5Gen Virtual Function\n"
    "8086  Intel Corporation\n"
    "\t10d3  82574L Gigabit Network Connection\n"
    "\t1901  6th-10th Gen Core Processor PCIe Controller (x16)\n"
    "\t2918  82801IB (ICH9) LPC Interface Controller\n"
    "\t2922  82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode]\n"
    "\t2930  82801I (ICH9 Family) SMBus Controller\n";

fake::Tree written(const std::string& root, const fake::Host& host) {
    fake::Tree tree = fake::write_tree(root, host.inventory(), host.drivers());
    tree.file("/usr/share/misc/pci.ids", kPciIds);
    return tree;
}

void add_chipset(fake::Host& host) {
    host.pci("0000:00:1f.0").vendor("8086", "2918").class_code("060100").group(9).driver("lpc_ich");
    host.pci("0000:00:1f.2").vendor("8086", "2922").class_code("010601").group(9).driver("ahci");
    host.pci("0000:00:1f.3").vendor("8086", "2930").class_code("0c0500").group(9).unbound();
}

fake::Host workstation() {
    fake::Host host;
    host.with_variants();
    host.pci("0000:00:01.0").bridge().group(1);
    host.pci("0000:01:00.0").gpu().group(12).driver("nouveau").boot_vga().numa(0);
    host.pci("0000:01:00.1").audio().group(12).driver("snd_hda_intel").numa(0);
    host.pci("0000:02:00.0").gpu().group(13).driver("nouveau").slot("4").numa(1);
    host.pci("0000:02:00.1").audio().group(13).driver("snd_hda_intel").numa(1);
    host.pci("0000:03:00.0").nic().group(14).driver("e1000e").netdev("eth0");
    host.pci("0000:04:00.0").nvme().group(15).driver("nvme");
    host.alias("pci:v*d*sv*sd*bc01sc08i02*", "nvme");
    add_chipset(host);
    return host;
}

constexpr const char* kWorkstationPolicy =
    "version: 1\n"
    "rules:\n"
    "  - name: guest-gpu\n"
    "    priority: 100\n"
    "    match: { vendor: \"10de\", class: display, not: { boot_vga: true } }\n"
    "    driver: auto\n"
    "    group: whole\n"
    "  - name: guest-nic\n"
    "    match: { vendor: \"8086\", device: \"10d3\" }\n"
    "    driver: [vfio-pci-special, auto]\n"
    "  - name: smbus\n"
    "    match: { address: \"0000:00:1f.3\" }\n"
    "    driver: auto\n"
    "  - name: never-touch-disks\n"
    "    protect: true\n"
    "    match: { class: storage }\n";

}  // namespace

void write_workstation(const std::string& root) {
    written(root, workstation()).file("/etc/bindd/policies.d/10-guest.yaml", kWorkstationPolicy);
}

void write_server(const std::string& root) {
    fake::Host host;
    host.with_variants();
    host.pci("0000:5e:00.0")
        .vendor("15b3", "101d")
        .class_code("020000")
        .group(40)
        .driver("mlx5_core")
        .netdev("ens1f0")
        .pf(8, 4)
        .serial("MT2116X09299");
    for (unsigned i = 0; i < 4; ++i) {
        auto vf = host.pci("0000:5e:00." + std::to_string(i + 2));
        vf.vendor("15b3", "101e").class_code("020000").group(41 + static_cast<int>(i));
        vf.vf_of("0000:5e:00.0", i);
        if (i == 0)
            vf.vfio("mlx5_vfio_pci", "vfio0");
        else
            vf.driver("mlx5_core").netdev("ens1f0v" + std::to_string(i));
    }
    host.pci("0000:65:00.0").nvme().group(50).driver("nvme").numa(1);
    host.pci("0000:66:00.0").nvme().group(51).override_("uio_pci_generic").unbound().numa(1);
    written(root, host)
        .file("/usr/lib/bindd/policies.d/50-all.yaml",
              "version: 1\n"
              "rules:\n"
              "  - name: all-disks\n"
              "    match: { class: storage }\n"
              "    driver: auto\n")
        .file("/etc/bindd/policies.d/10-net.yaml",
              "version: 1\n"
              "rules:\n"
              "  - name: vfs\n"
              "    match: { pf: { netdev: \"ens1f0\" }, vf: \"0-1\" }\n"
              "    driver: auto\n"
              "  - name: first-vf\n"
              "    match: { pf: { netdev: \"ens1f0\" }, vf: 1 }\n"
              "    driver: none\n"
              "  - name: pf\n"
              "    match: { is_pf: true }\n"
              "    sriov: { vfs: 4 }\n");
}

void write_mdev_host(const std::string& root) {
    fake::Host host;
    host.mdev_parent("mtty").mdev_type("mtty-1", 20).mdev_type("mtty-2", 11);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-2").group(3);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1002", "mtty", "mtty-1").group(4);
    host.platform("fff51000.ethernet").group(6).vfio("vfio-platform");
    host.platform("fff52000.serial").driver("serial8250");
    fake::Tree tree = written(root, host);
    tree.file("/etc/mdevctl.d/mtty/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
              R"({"mdev_type":"mtty-2","start":"auto","attrs":[{"a":"1"},{"a":"2"}]})");
    tree.file("/etc/mdevctl.d/mtty/83b8f4f2-509f-382f-3c1e-e6bfe0fa1004", "");
    tree.file("/etc/bindd/policies.d/20-mdev.yaml",
              "version: 1\n"
              "rules:\n"
              "  - name: ttys\n"
              "    match: { mdev_parent: mtty }\n"
              "    mdevs:\n"
              "      - { uuid: \"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\", type: mtty-2 }\n"
              "      - { uuid: \"83b8f4f2-509f-382f-3c1e-e6bfe0fa1003\", type: mtty-1 }\n");
}

void write_switch(const std::string& root) {
    fake::Host host;
    host.alias("pci:v00008086d000010D3sv*sd*bc*sc*i*", "e1000e");
    host.alias("pci:v00008086d000010D3sv*sd*bc*sc*i*", "denied_nic");
    host.alias("pci:v*d*sv*sd*bc02sc00i00*", "any_nic");
    host.module("e1000e", sysfs::ModuleState::kAvailable);
    host.module("denied_nic", sysfs::ModuleState::kDenied);
    host.module("any_nic", sysfs::ModuleState::kAvailable);
    const auto root_port = host.pci("0000:00:01.0").bridge().group(1).device();
    const auto upstream = host.pci("0000:01:00.0").bridge().behind(root_port).group(2).device();
    for (const char* port : {"0000:02:00.0", "0000:02:01.0"})
        host.pci(port).bridge().behind(upstream).group(2);
    host.pci("0000:03:00.0")
        .nic()
        .behind(host.pci("0000:02:00.0").device())
        .group(2)
        .driver("e1000e");
    host.pci("0000:04:00.0").nic().behind(host.pci("0000:02:01.0").device()).group(2).unbound();
    written(root, host);
}

void write_broken_policy(const std::string& root) {
    written(root, workstation())
        .file("/etc/bindd/policies.d/10-guest.yaml",
              "version: 1\n"
              "rules:\n"
              "  - name: guest-gpu\n"
              "    match: { vendr: \"10de\" }\n"
              "    driver: auto\n"
              "  - name: guest-gpu\n"
              "    match: { vendor: 8086 }\n"
              "    driver: auto\n");
}

void write_questionable_policy(const std::string& root) {
    written(root, workstation())
        .file("/etc/bindd/policies.d/10-guest.yaml",
              "version: 1\n"
              "rules:\n"
              "  - name: guest-gpu\n"
              "    match: { vendor: \"10de\", class: display, not: { boot_vga: true } }\n"
              "    driver: [vfio-pcl, auto]\n"
              "  - name: no-function\n"
              "    match: { is_vf: true, is_pf: true }\n"
              "    driver: auto\n"
              "  - name: other-nic\n"
              "    match: { vendor: \"8086\", device: \"10d4\", class: network }\n"
              "    driver: auto\n"
              "  - name: second\n"
              "    priority: -1\n"
              "    match: { address: \"0000:02:00.0\" }\n"
              "    driver: host\n")
        .file("/usr/lib/bindd/policies.d/50-package.yaml",
              "version: 1\n"
              "rules: [{ name: packaged, match: { vendor: \"ffff\" }, driver: auto }]\n");
}

void write_host_without_iommu(const std::string& root) {
    fake::Host host;
    host.no_iommu();
    host.pci("0000:03:00.0").nic().driver("e1000e").netdev("eth0");
    written(root, host);
}

}  // namespace tests

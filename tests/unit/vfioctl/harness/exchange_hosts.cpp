// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/vfioctl/harness/exchange_hosts.hpp"

#include "tests/fake/host.hpp"
#include "tests/fake/tree.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"

namespace tests {
namespace {

constexpr const char* kWindows =
    "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.\n-->\n"
    "<domain type='kvm'>\n"
    "  <name>win10</name>\n"
    "  <devices>\n"
    "    <hostdev mode='subsystem' type='pci' managed='yes'>\n"
    "      <source>\n"
    "        <address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>\n"
    "      </source>\n"
    "      <address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x0'/>\n"
    "    </hostdev>\n"
    "  </devices>\n"
    "</domain>\n";

constexpr const char* kRouter =
    "<domstatus state='running' reason='booted' pid='712'>\n"
    "  <domain type='kvm' id='1'>\n"
    "    <devices>\n"
    "      <interface type='hostdev' managed='no'>\n"
    "        <mac address='52:54:00:00:00:01'/>\n"
    "        <source>\n"
    "          <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>\n"
    "        </source>\n"
    "      </interface>\n"
    "      <hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>\n"
    "        <source>\n"
    "          <address uuid='83B8F4F2-509F-382F-3C1E-E6BFE0FA1001'/>\n"
    "        </source>\n"
    "      </hostdev>\n"
    "      <hostdev mode='subsystem' type='usb' managed='yes'>\n"
    "        <source><vendor id='0x1234'/><product id='0xbeef'/></source>\n"
    "      </hostdev>\n"
    "    </devices>\n"
    "  </domain>\n"
    "</domstatus>\n";

fake::Host healthy() {
    fake::Host host;
    host.module("vfio_iommu_type1", sysfs::ModuleState::kLoaded);
    host.module("iommufd", sysfs::ModuleState::kAvailable);
    host.pci("0000:00:01.0").bridge().group(1);
    host.pci("0000:03:00.0").nic().group(14).vfio("vfio-pci", "vfio0");
    return host;
}

void add_state(fake::Tree& tree) {
    tree.file("/etc/bindd/policies.d/10-nic.yaml",
              "version: 1\n"
              "rules:\n"
              "  - name: nic\n"
              "    match: { vendor: \"8086\", device: \"10d3\" }\n"
              "    driver: vfio-pci\n")
        .file("/dev/vfio/vfio", "", 0666)
        .file("/dev/vfio/14", "", 0600)
        .file("/dev/vfio/devices/vfio0", "", 0600)
        .file("/dev/iommu", "", 0600)
        .file("/proc/interrupts",
              "            CPU0       CPU1\n"
              "   0:         33          0  IR-IO-APIC    2-edge      timer\n"
              " 120:          0          7  IR-PCI-MSI-0000:00:01.0    0-edge      aerdrv\n")
        .file("/proc/self/limits",
              "Limit                     Soft Limit           Hard Limit           Units\n"
              "Max locked memory         unlimited            unlimited            bytes\n")
        .file("/proc/meminfo",
              "MemTotal:       16384000 kB\nHugePages_Total:     512\nHugePages_Free:      256\n"
              "Hugepagesize:       2048 kB\n")
        .file("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535\n")
        .file("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n")
        .file("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        .file("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
              std::string("\x06\0\0\0\1", 5))
        .file("/sys/firmware/acpi/tables/DMAR", "DMAR")
        .file("/sys/kernel/iommu_groups/14/reserved_regions",
              "0x00000000fee00000 0x00000000feefffff msi\n");
}

}  // namespace

void write_external_managers(const std::string& root) {
    write_workstation(root);
    fake::Tree(root)
        .file("/etc/driverctl.d/pci-0000:01:00.0", "vfio-pci\n")
        .file("/etc/driverctl.d/pci-0000:03:00.0", "uio_pci_generic\n")
        .file("/etc/driverctl.d/pci-0000:0A:00.0", "vfio-pci\n")
        .file("/etc/driverctl.d/platform-fff51000.ethernet", "none\n")
        .file("/etc/driverctl.d/vmbus-58f75a6d-d949-4320-99e1-a2a2576d581c", "uio_hv_generic\n")
        .file("/etc/driverctl.d/fsl-mc-dpni.1", "vfio-fsl-mc\n")
        .file("/etc/driverctl.d/cdx-cdx-00:00", "")
        .file("/etc/driverctl.d/README", "one file for each device\n")
        .file("/etc/modprobe.d/vfio.conf",
              "# the second GPU\n"
              "options vfio-pci ids=144d:a808\n"
              "options vfio-pci ids=\"10de:2204, 10de:1aef:1043:ffffffff:040300:ffff00,zz:1,\\\n"
              "10de,ffffffff:ffffffff\" disable_vga=1\n"
              "softdep nouveau pre: vfio-pci\n"
              "softdep i915 pre: drm\n"
              "blacklist nouveau\n")
        .file("/usr/lib/modprobe.d/fbdev-blacklist.conf", "blacklist vesafb\n")
        .file("/proc/cmdline",
              "quiet pci-stub.ids=10de:2204,1234:11e8 nouveau.modeset=0 intel_iommu=on "
              "rd.driver.pre=vfio-pci\n")
        .file("/etc/mdevctl.d/mtty/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
              R"({"mdev_type":"mtty-2","start":"auto","attrs":[]})")
        .file(
            "/etc/mdevctl.d/matrix/83b8f4f2-509f-382f-3c1e-e6bfe0fa1004",
            R"({"mdev_type":"vfio_ap-passthrough","start":"auto",)"
            R"("attrs":[{"assign_adapter":"5"},{"assign_adapter":"6"},{"assign_domain":"0x47"}]})")
        .file("/etc/mdevctl.d/matrix/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
              R"({"mdev_type":"vfio_ap-passthrough","start":"manual","attrs":[]})")
        .file("/etc/mdevctl.d/mtty/83b8f4f2-509f-382f-3c1e-e6bfe0fa1002", "")
        .file("/etc/libvirt/qemu/win10.xml", kWindows)
        .file("/run/libvirt/qemu/router.xml", kRouter);
}

void write_healthy(const std::string& root) {
    const fake::Host host = healthy();
    fake::Tree tree = fake::write_tree(root, host.inventory(), host.drivers());
    add_state(tree);
}

void write_noiommu(const std::string& root) {
    fake::Host host;
    host.noiommu();
    host.pci("0000:03:00.0").nic().driver("e1000e");
    fake::write_tree(root, host.inventory(), host.drivers());
}

void write_exports(const std::string& root) {
    fake::Host host;
    host.with_variants();
    host.pci("0000:5e:00.0")
        .vendor("15b3", "101d")
        .class_code("020000")
        .group(40)
        .driver("mlx5_core")
        .pf(8, 1);
    host.pci("0000:5e:00.2")
        .vendor("15b3", "101e")
        .class_code("020000")
        .group(41)
        .vf_of("0000:5e:00.0", 0)
        .vfio("mlx5_vfio_pci", "vfio0");
    host.pci("10000:e1:00.0").nvme().group(42).vfio("vfio-pci");
    host.pci("0000:03:00.0").nic().group(43).driver("e1000e").netdev("eth0");
    host.pci("0000:03:00.1").nic().group(43).driver("e1000e").netdev("eth1");
    host.mdev_parent("mtty").mdev_type("mtty-2", 1);
    host.mdev_parent("matrix").mdev_type("vfio_ap-passthrough", 3, "vfio-ap");
    host.css("0.0.0313").driver("vfio_ccw").mdev_type("vfio_ccw-io", 0, "vfio-ccw");
    const auto mdev = [&](const char* uuid, const char* parent, const char* type, int group) {
        auto made = host.mdev(uuid, parent, type).group(group);
        made.device().driver = "vfio_mdev";
        made.device().vfio = sysfs::VfioNodes{.group = std::to_string(group), .cdev = {}};
    };
    mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-2", 50);
    mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1002", "matrix", "vfio_ap-passthrough", 51);
    mdev("a3b8f4f2-509f-382f-3c1e-e6bfe0fa1003", "0.0.0313", "vfio_ccw-io", 52);
    host.platform("fff51000.ethernet").group(6).vfio("vfio-platform");
    fake::write_tree(root, host.inventory(), host.drivers());
}

}  // namespace tests

// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using sysfs::Device;

void bind_fbcon(UsageTree& tree) {
    tree.file("/sys/class/vtconsole/vtcon0/bind", "0\n");
    tree.file("/sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
    tree.file("/sys/class/vtconsole/vtcon1/bind", "1\n");
    tree.file("/sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
}

TEST(UsageConsole, FindsTheTextConsoleOnItsOwnFramebuffer) {
    UsageTree tree;
    Device gpu = tree.pci("0000:00:02.0");
    gpu.boot_vga = true;
    tree.node(gpu.syspath + "/graphics/fb0", "graphics", "29:0", "fb0");
    EXPECT_EQ("", tree.usage(gpu)) << "no console is bound yet";
    bind_fbcon(tree);
    EXPECT_EQ("console: fb0 carries vtcon1, and it is the boot display\n", tree.usage(gpu));
}

TEST(UsageConsole, FindsTheTextConsoleOnTheFirmwaresFramebuffer) {
    UsageTree tree;
    Device boot = tree.pci("0000:00:02.0");
    boot.boot_vga = true;
    Device other = tree.pci("0000:01:00.0");
    other.boot_vga = false;
    bind_fbcon(tree);
    const std::string efifb = "/sys/devices/platform/efi-framebuffer.0";
    tree.link(efifb + "/subsystem", "../../../bus/platform");
    tree.link("/sys/class/graphics/fb0/device", tree.path(efifb));
    EXPECT_EQ("console: fb0 carries vtcon1, and it is the boot display\n", tree.usage(boot));
    EXPECT_EQ("", tree.usage(other));
}

/// A framebuffer of the firmware, with the memory that 0000:01:00.0 has.
void add_firmware_framebuffer(UsageTree& tree, const std::string& device,
                              const std::string& region) {
    const std::string platform = "/sys/devices/platform/" + device;
    tree.link(platform + "/subsystem", "../../../bus/platform");
    tree.node(platform + "/graphics/fb0", "graphics", "29:0", "fb0");
    tree.link("/sys/class/graphics/fb0", tree.path(platform + "/graphics/fb0"));
    tree.link(platform + "/graphics/fb0/device", "../../../" + device);
    tree.file("/proc/iomem",
              "00000000-00000000 : Reserved\n"
              "00000000-00000000 : PCI Bus 0000:00\n"
              "  00000000-00000000 : PCI Bus 0000:01\n"
              "    00000000-00000000 : 0000:01:00.0\n"
              "      00000000-00000000 : " +
                  region +
                  "\n"
                  "    00000000-00000000 : 0000:01:00.1\n"
                  "  00000000-00000000 : 0000:00:02.0\n");
}

TEST(UsageConsole, FindsTheFirmwaresFramebufferByTheMemoryThatItIsIn) {
    for (const auto& [device, region] :
         {std::pair("efi-framebuffer.0", "efifb"), std::pair("vesa-framebuffer.0", "vesafb"),
          std::pair("simple-framebuffer.0", "BOOTFB")}) {
        UsageTree tree;
        add_firmware_framebuffer(tree, device, region);
        bind_fbcon(tree);
        const Device display = tree.pci("0000:01:00.0");  // class 0380 has no boot_vga
        Device other = tree.pci("0000:00:02.0");
        other.boot_vga = true;
        EXPECT_EQ("console: fb0 carries vtcon1\n", tree.usage(display)) << device;
        EXPECT_EQ("", tree.usage(other)) << device;
    }
}

TEST(UsageConsole, FindsTheFirmwaresPictureOfAKernelWithoutVt) {
    UsageTree tree;
    add_firmware_framebuffer(tree, "simple-framebuffer.0", "simplefb");
    EXPECT_EQ("console: fb0 is in its memory, and the kernel has no VT\n",
              tree.usage(tree.pci("0000:01:00.0")));
}

TEST(UsageConsole, FindsWhoDrawsOnTheFirmwaresFramebuffer) {
    UsageTree tree;
    add_firmware_framebuffer(tree, "simple-framebuffer.0", "simpledrm");
    const std::string card = "/sys/devices/platform/simple-framebuffer.0/drm/card0";
    tree.node(card, "drm", "226:0", "dri/card0");
    tree.link("/sys/class/drm/card0", tree.path(card));
    tree.link(card + "/device", "../../../simple-framebuffer.0");
    tree.file(card + "/card0-Unknown-1/status", "connected\n");
    tree.file(card + "/card0-Unknown-1/enabled", "enabled\n");
    tree.file("/sys/kernel/debug/dri/0/clients", "Xorg   990   0   y    y     0          0\n");
    tree.process(990, "Xorg").open_file(990, 5, "/dev/dri/card0");
    tree.file("/sys/class/vtconsole/vtcon0/bind", "1\n");
    tree.file("/sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
    EXPECT_EQ(
        "open-fd: Xorg (pid 990) has /dev/dri/card0 open\n"
        "console: Xorg (pid 990) is the master of card0\n"
        "console: card0-Unknown-1 is connected and on\n",
        tree.usage(tree.pci("0000:01:00.0")));
}

TEST(UsageConsole, FindsVgaTextOnTheBootDisplay) {
    UsageTree tree;
    Device boot = tree.pci("0000:00:02.0");
    boot.boot_vga = true;
    tree.file("/sys/class/vtconsole/vtcon0/bind", "1\n");
    tree.file("/sys/class/vtconsole/vtcon0/name", "(S) VGA+\n");
    EXPECT_EQ("console: vtcon0 draws VGA text, and it is the boot display\n", tree.usage(boot));
    EXPECT_EQ("", tree.usage(tree.pci("0000:01:00.0")));
}

constexpr const char* kKeys = "402000002 3803078f800d001 feffffdfffefffff fffffffffffffffe";

void add_input(UsageTree& tree, const std::string& syspath, const std::string& name,
               const std::string& keys) {
    tree.file(syspath + "/name", name + "\n").file(syspath + "/capabilities/key", keys + "\n");
    tree.link("/sys/class/input/" + syspath.substr(syspath.rfind('/') + 1), tree.path(syspath));
}

TEST(UsageInput, FindsTheLastKeyboard) {
    UsageTree tree;
    const Device xhci = tree.pci("0000:00:14.0");
    const Device other = tree.pci("0000:00:1a.0");
    add_input(tree, xhci.syspath + "/usb1/1-1/1-1:1.0/0003:0627:0001.0001/input/input4",
              "USB Keyboard", kKeys);
    add_input(tree, other.syspath + "/usb2/2-1/2-1:1.0/0003:0627:0002.0002/input/input5",
              "USB Mouse", "1f0000 0 0 0 0");
    add_input(tree, "/sys/devices/LNXSYSTM:00/LNXPWRBN:00/input/input1", "Power Button",
              "10000000000000 0");
    add_input(tree, "/sys/devices/virtual/input/input6", "a program's", kKeys);
    EXPECT_EQ("input: USB Keyboard (input4)\n", tree.usage(xhci));
    EXPECT_EQ("", tree.usage(other));
    add_input(tree, "/sys/devices/platform/i8042/serio0/input/input0", "AT keyboard", kKeys);
    EXPECT_EQ("", tree.usage(xhci)) << "another keyboard stays";
}

TEST(UsageInput, ReadsTheTableOfInputDevices) {
    UsageTree tree;
    const Device xhci = tree.pci("0000:00:14.0");
    const std::string usb =
        "I: Bus=0003 Vendor=0627 Product=0001 Version=0111\n"
        "N: Name=\"QEMU QEMU USB Keyboard\"\n"
        "S: "
        "Sysfs=/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/0003:0627:0001.0001/input/input4\n"
        "H: Handlers=sysrq kbd leds event3 \n"
        "B: EV=120013\n"
        "B: KEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n\n";
    const std::string speaker =
        "N: Name=\"PC Speaker\"\n"
        "S: Sysfs=/devices/platform/pcspkr/input/input2\n"
        "H: Handlers=kbd event1 \n"
        "B: EV=40001\n\n";
    tree.file("/proc/bus/input/devices", usb + speaker);
    EXPECT_EQ("input: QEMU QEMU USB Keyboard (input4)\n", tree.usage(xhci));
    tree.file("/proc/bus/input/devices",
              usb +
                  "N: Name=\"AT\"\nS: Sysfs=/devices/platform/i8042/serio0/input/input0\nB: KEY=" +
                  kKeys + "\n");
    EXPECT_EQ("", tree.usage(xhci));
}

TEST(UsageInput, TwoControllersThatHaveTheLastKeyboardsDoNotGoTogether) {
    UsageTree tree;
    const std::vector<Device> both = {tree.pci("0000:00:14.0"), tree.pci("0000:00:1a.0")};
    for (const Device& device : both)
        add_input(tree, device.syspath + "/usb1/1-1/input/input" + device.id.name.substr(9, 1),
                  "Keyboard", kKeys);
    sysfs::Inventory inventory;
    inventory.devices = both;
    inventory.rebuild_index();
    EXPECT_EQ("", tree.usage(both.front()));
    const std::vector<sysfs::DeviceId> ids = {both.front().id, both.back().id};
    for (const auto& [id, uses] : sysfs::read_usage(tree.root(), inventory, ids))
        EXPECT_EQ(1U, uses.size()) << id.name;
}

TEST(UsageConsole, FindsTheMasterOfACardInDebugfs) {
    UsageTree tree;
    const Device gpu = tree.pci("0000:01:00.0");
    tree.node(gpu.syspath + "/drm/card1", "drm", "226:1", "dri/card1");
    tree.file("/sys/kernel/debug/dri/1/clients",
              "             command   tgid dev master a   uid      magic\n"
              "      systemd-logind    412   1   n    y     0          0\n"
              "      Xorg bin helper   990   1   y    y     0          0\n");
    EXPECT_EQ("console: Xorg (pid 990) is the master of card1\n", tree.usage(gpu));
}

TEST(UsageConsole, FindsAScreenThatShowsAPicture) {
    UsageTree tree;
    const Device gpu = tree.pci("0000:01:00.0");
    const std::string card = gpu.syspath + "/drm/card1";
    for (const std::string name : {"card1-DP-1", "card1-HDMI-A-1"}) {
        tree.file(card + "/" + name + "/status", "connected\n");
        tree.file(card + "/" + name + "/enabled", "enabled\n");
        tree.file(card + "/" + name + "/dpms", name == "card1-DP-1" ? "Off\n" : "On\n");
    }
    EXPECT_EQ("console: card1-HDMI-A-1 is connected and on\n", tree.usage(gpu));
}

TEST(UsageConsole, FindsTheKernelsSerialConsole) {
    UsageTree tree;
    const Device serial = tree.pci("0000:00:16.3");
    tree.node(serial.syspath + "/tty/ttyS4", "tty", "4:68", "ttyS4");
    tree.file("/proc/consoles",
              "tty0                 -WU (EC p  )    4:1\n"
              "ttyS4                -W- (E  p a)    4:68\n");
    EXPECT_EQ("console: console on ttyS4\n", tree.usage(serial));
}

TEST(UsageMdevs, NamesARunningMdevAndWhoHasItOpen) {
    UsageTree tree;
    const Device parent = tree.pci("0000:00:02.0");
    const std::string mdev = parent.syspath + "/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    tree.link(mdev + "/mdev_type", "../mdev_supported_types/i915-GVTg_V5_4");
    EXPECT_EQ("holder: 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 (i915-GVTg_V5_4)\n",
              tree.usage(parent));
    tree.link(mdev + "/iommu_group", "../../../kernel/iommu_groups/31");
    tree.file("/sys/class/vfio/31/dev", "511:31\n");
    tree.node(mdev + "/vfio-dev/vfio3", "vfio-dev", "510:3", "vfio/devices/vfio3");
    tree.process(712, "qemu").open_file(712, 5, "/dev/vfio/31");
    tree.process(713, "crosvm").open_file(713, 5, "/dev/vfio/devices/vfio3");
    EXPECT_EQ(
        "holder: 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 (i915-GVTg_V5_4)\n"
        "vfio-open: crosvm (pid 713) has /dev/vfio/devices/vfio3 open\n"
        "vfio-open: qemu (pid 712) has /dev/vfio/31 open\n",
        tree.usage(parent));
}

TEST(UsageVmd, CountsTheUsesOfTheDomainBelowIt) {
    UsageTree tree;
    const Device vmd = tree.pci("0000:00:0e.0");
    const std::string nvme =
        vmd.syspath + "/pci10000:e0/10000:e0:06.0/10000:e1:00.0/nvme/nvme0/nvme0n1";
    tree.disk(nvme, "259:0");
    tree.process(1, "systemd", "36 35 259:0 / / rw,relatime shared:1 - ext4 /dev/nvme0n1 rw\n");
    ASSERT_EQ(tree.uses(vmd).size(), 1U);
    EXPECT_TRUE(tree.uses(vmd).front().essential);
}

TEST(UsageFirmware, NamesDirectRegionsButNotRelaxableOnes) {
    UsageTree tree;
    Device nic = tree.pci("0000:02:00.0");
    nic.iommu_group = 14;
    const std::string regions = "/sys/kernel/iommu_groups/14/reserved_regions";
    const std::string msi = "0x00000000fee00000 0x00000000feefffff msi\n";
    tree.file(regions, "0x000000007b800000 0x000000007fffffff direct-relaxable\n" + msi);
    EXPECT_EQ("", tree.usage(nic));
    tree.file(regions, "0x00000000000e8000 0x00000000000e8fff direct\n" + msi);
    EXPECT_EQ("firmware-memory: 0x00000000000e8000-0x00000000000e8fff\n", tree.usage(nic));
}

TEST(UsageVfs, NamesTheVfsThatWouldBeDestroyed) {
    UsageTree tree;
    Device pf = tree.pci("0000:01:00.0");
    pf.sriov = sysfs::SriovPf{
        .total = 16, .enabled = 0, .autoprobe = {}, .offset = {}, .stride = {}, .vfs = {}};
    EXPECT_EQ("", tree.usage(pf));
    pf.sriov->enabled = 2;
    pf.sriov->vfs = {{0, "0000:01:00.1"}, {1, "0000:01:00.2"}};
    EXPECT_EQ("vfs-in-use: 2 of 16 VFs: 0000:01:00.1, 0000:01:00.2\n", tree.usage(pf));
}

}  // namespace

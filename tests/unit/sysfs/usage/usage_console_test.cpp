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

TEST(UsageVfs, NamesTheVfsThatWouldBeDestroyed) {
    UsageTree tree;
    Device pf = tree.pci("0000:01:00.0");
    pf.sriov = sysfs::SriovPf{.total = 16, .enabled = 0, .autoprobe = {}, .vfs = {}};
    EXPECT_EQ("", tree.usage(pf));
    pf.sriov->enabled = 2;
    pf.sriov->vfs = {{0, "0000:01:00.1"}, {1, "0000:01:00.2"}};
    EXPECT_EQ("vfs-in-use: 2 of 16 VFs: 0000:01:00.1, 0000:01:00.2\n", tree.usage(pf));
}

}  // namespace

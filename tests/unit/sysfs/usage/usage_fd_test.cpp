// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using sysfs::Device;

TEST(UsageFd, NamesTheProcessAndItsUnit) {
    UsageTree tree;
    const Device gpu = tree.pci("0000:01:00.0");
    tree.node(gpu.syspath + "/drm/card0", "drm", "226:0", "dri/card0");
    tree.node(gpu.syspath + "/drm/renderD128", "drm", "226:128", "dri/renderD128");
    tree.process(712, "Xorg")
        .open_file(712, 5, "/dev/dri/card0")
        .open_file(712, 6, "/dev/dri/card0");
    tree.file("/proc/712/cgroup", "0::/system.slice/display-manager.service\n");
    tree.process(900, "ffmpeg").open_file(900, 3, "/dev/dri/renderD128");
    tree.file("/proc/900/cgroup", "0::/user.slice/user-1000.slice/session-2.scope\n");
    tree.process(901, "vi").open_file(901, 3, "/home/dri/card0").open_file(901, 4, "socket:[5]");
    EXPECT_EQ(
        "open-fd: Xorg (pid 712, unit display-manager.service) has /dev/dri/card0 open\n"
        "open-fd: ffmpeg (pid 900) has /dev/dri/renderD128 open\n",
        tree.usage(gpu));
}

TEST(UsageFd, FindsAMappedNodeWhoseDescriptorIsClosed) {
    UsageTree tree;
    const Device device = tree.pci("0000:01:00.0");
    tree.node(device.syspath + "/uio/uio0", "uio", "240:0", "uio0");
    tree.process(50, "dpdk-app");
    tree.file("/proc/50/maps",
              "7f00-7f01 rw-s 00000000 00:06 300    /dev/uio0\n"
              "7f02-7f03 rw-p 00000000 00:06 301    /usr/lib/dev/uio0\n");
    EXPECT_EQ("open-fd: dpdk-app (pid 50) has /dev/uio0 mapped\n", tree.usage(device));
}

TEST(UsageFd, DistinguishesVfioNodesFromOtherNodes) {
    UsageTree tree;
    Device device = tree.pci("0000:01:00.0");
    device.driver = "vfio-pci";
    device.iommu_group = 15;
    device.vfio = sysfs::VfioNodes{.group = "15", .cdev = "vfio3"};
    tree.file("/sys/class/vfio/15/dev", "243:2\n");
    tree.node(device.syspath + "/vfio-dev/vfio3", "vfio-dev", "511:3", "vfio/devices/vfio3");
    tree.process(712, "qemu-system-x86").open_file(712, 20, "/dev/vfio/15");
    tree.open_file(712, 21, "/dev/vfio/vfio");
    tree.process(713, "spdk_tgt").open_file(713, 4, "/dev/vfio/devices/vfio3");
    EXPECT_EQ(
        "vfio-open: qemu-system-x86 (pid 712) has /dev/vfio/15 open\n"
        "vfio-open: spdk_tgt (pid 713) has /dev/vfio/devices/vfio3 open\n",
        tree.usage(device));
}

TEST(UsageFd, IgnoresAnOpenGroupForAnUnboundMember) {
    UsageTree tree;
    Device device = tree.pci("0000:01:00.1");
    device.iommu_group = 15;
    tree.file("/sys/class/vfio/15/dev", "243:2\n");
    tree.process(712, "qemu-system-x86").open_file(712, 20, "/dev/vfio/15");
    EXPECT_EQ("", tree.usage(device));
}

TEST(UsageFd, FindsAVfioDeviceDescriptorByItsInfo) {
    UsageTree tree;
    Device device = tree.pci("0000:01:00.0");
    device.vfio = sysfs::VfioNodes{};
    tree.process(712, "vmm").open_file(712, 9, "anon_inode:[vfio-device]");
    tree.file(
        "/proc/712/fdinfo/9",
        "pos:\t0\nflags:\t02000002\nvfio-device-syspath: /sys/devices/pci0000:00/0000:01:00.0\n");
    tree.process(713, "other").open_file(713, 9, "anon_inode:[vfio-device]");
    tree.file("/proc/713/fdinfo/9", "vfio-device-syspath: /sys/devices/pci0000:00/0000:02:00.0\n");
    EXPECT_EQ("vfio-open: vmm (pid 712)\n", tree.usage(device));
}

/// An unbound device whose BAR 0 is at 0xfea00000.
Device unbound_device(UsageTree& tree) {
    const Device device = tree.pci("0000:01:00.0");
    tree.file(device.syspath + "/config", "").file(device.syspath + "/resource0", "");
    tree.file(device.syspath + "/resource",
              "0x00000000fea00000 0x00000000feafffff 0x0000000000040200\n"
              "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n"
              "0x0000000000000000 0x0000000000000000 0x0000000000000000\n");
    return device;
}

TEST(UsageFd, FindsWhoMapsADeviceWithoutADriver) {
    UsageTree tree;
    const Device device = unbound_device(tree);
    tree.process(50, "dpdk-app");
    tree.file("/proc/50/maps",
              "7f00-7f01 rw-s fea00000 00:20 13600    "
              "/sys/devices/pci0000:00/0000:01:00.0/resource0\n"
              "7f01-7f02 r--p 00000000 00:20 13599    /sys/devices/pci0000:00/0000:01:00.0/vendor\n"
              "7f02-7f03 rw-s fea00000 00:20 13500    "
              "/sys/devices/pci0000:00/0000:02:00.0/resource0\n");
    tree.process(51, "spdk_tgt");
    tree.file("/proc/51/maps",
              "7f00-7f01 rw-s fea00000 00:30 13601    "
              "/host/sys/devices/pci0000:00/0000:01:00.0/resource0_wc (deleted)\n");
    tree.process(52, "old-driver");
    tree.file("/proc/52/maps", "7f00-7f01 rw-s fea00000 00:05 400    /proc/bus/pci/01/00.0");
    EXPECT_EQ(
        "open-fd: dpdk-app (pid 50) has 0000:01:00.0/resource0 mapped\n"
        "open-fd: old-driver (pid 52) has /proc/bus/pci/01/00.0 mapped\n"
        "open-fd: spdk_tgt (pid 51) has 0000:01:00.0/resource0_wc mapped\n",
        tree.usage(device));
}

TEST(UsageFd, FindsWhoHasTheRegistersOfADeviceOpen) {
    UsageTree tree;
    const Device device = unbound_device(tree);
    tree.process(50, "dpdk-app")
        .open_file(50, 3, "/sys/devices/pci0000:00/0000:01:00.0/config")
        .open_file(50, 4, "/sys/devices/pci0000:00/0000:01:00.0/resource")
        .open_file(50, 5, "/sys/devices/pci0000:00/0000:01:00.0/uevent");
    EXPECT_EQ("open-fd: dpdk-app (pid 50) has 0000:01:00.0/config open\n", tree.usage(device));
}

TEST(UsageFd, FindsItsMemoryMappedByDevMem) {
    UsageTree tree;
    const Device device = unbound_device(tree);
    tree.process(50, "Xorg");
    tree.file("/proc/50/maps", "10000-12000 rw-s fe9ff000 00:05 3    /dev/mem\n");
    tree.process(51, "flashrom");
    tree.file("/proc/51/maps",
              "10000-12000 rw-s fe9fe000 00:05 3    /dev/mem\n"
              "20000-22000 rw-s 0000c000 00:05 3    /dev/mem\n");
    EXPECT_EQ("open-fd: Xorg (pid 50) has its resource 0 by /dev/mem mapped\n", tree.usage(device));
}

TEST(UsageFd, FindsAFunctionBelowTheDevice) {
    UsageTree tree;
    const Device vmd = tree.pci("0000:01:00.0");
    const std::string child = "/pci10000:00/10000:00:02.0/10000:01:00.0";
    tree.file(vmd.syspath + child + "/resource", "").file(vmd.syspath + child + "/resource0", "");
    tree.process(50, "spdk_tgt");
    tree.file("/proc/50/maps",
              "7f00-7f01 rw-s fea00000 00:20 13600    " + vmd.syspath + child + "/resource0\n");
    EXPECT_EQ("open-fd: spdk_tgt (pid 50) has 10000:01:00.0/resource0 mapped\n", tree.usage(vmd));
}

/// A device on vfio-pci whose group nobody has open.
Device vfio_device(UsageTree& tree) {
    Device device = tree.pci("0000:01:00.0");
    device.driver = "vfio-pci";
    device.iommu_group = 15;
    device.vfio = sysfs::VfioNodes{.group = "15", .cdev = "vfio3"};
    tree.file("/sys/class/vfio/15/dev", "243:2\n");
    tree.node(device.syspath + "/vfio-dev/vfio3", "vfio-dev", "511:3", "vfio/devices/vfio3");
    return device;
}

TEST(UsageFd, FindsACdevThatIsMappedAfterItWasClosed) {
    UsageTree tree;
    const Device device = vfio_device(tree);
    tree.process(712, "vmm");
    tree.file("/proc/712/maps", "7f00-7f01 rw-s 00000000 00:06 300    /dev/vfio/devices/vfio3\n");
    EXPECT_EQ("vfio-open: vmm (pid 712) has /dev/vfio/devices/vfio3 mapped\n", tree.usage(device));
}

TEST(UsageFd, FindsAnAnonymousMappingOfADeviceWhoseGroupWasClosed) {
    UsageTree tree;
    const Device device = vfio_device(tree);
    tree.process(712, "vmm");
    tree.file("/proc/712/maps", "7f00-7f01 rw-s 00000000 00:0c 16    anon_inode:[vfio-device]\n");
    EXPECT_EQ("vfio-open: vmm (pid 712) has a VFIO device mapped\n", tree.usage(device));
}

TEST(UsageFd, FindsADeviceDescriptorWhoseGroupWasClosed) {
    UsageTree tree;
    const Device device = vfio_device(tree);
    tree.process(712, "vmm").open_file(712, 9, "anon_inode:[vfio-device]");
    tree.file("/proc/712/fdinfo/9", "pos:\t0\nflags:\t02000002\n");  // as older kernels have it
    EXPECT_EQ("vfio-open: vmm (pid 712) has a VFIO device open\n", tree.usage(device));
}

TEST(UsageFd, DoesNotTakeTheMappingOfAnotherGroupsUserForItsOwn) {
    UsageTree tree;
    const Device device = vfio_device(tree);
    tree.process(712, "vmm").open_file(712, 9, "/dev/vfio/20");
    tree.file("/proc/712/maps", "7f00-7f01 rw-s 00000000 00:0c 16    anon_inode:[vfio-device]\n");
    EXPECT_EQ("", tree.usage(device));
}

TEST(UsageFd, DoesNotKnowWhatAProcessHasThatCannotBeRead) {
    UsageTree tree;
    const Device device = unbound_device(tree);
    tree.process(50, "hidden");
    tree.file("/proc/50/maps/is", "a directory");
    tree.process(51, "ended");
    EXPECT_EQ("unknown-use: hidden (pid 50): Is a directory\n", tree.usage(device));
    tree.process(52, "hidden too");
    tree.file("/proc/52/maps/is", "a directory");
    EXPECT_EQ("unknown-use: hidden (pid 50): Is a directory, and 1 more\n", tree.usage(device));
}

TEST(UsageFd, FindsTheNodesOfNvidiasDriver) {
    UsageTree tree;
    const Device gpu = tree.pci("0000:01:00.0");
    tree.file("/proc/driver/nvidia/gpus/0000:01:00.0/information",
              "Model: \t\t NVIDIA A100\nDevice Minor: \t 3\nGPU Excluded:\t No\n");
    tree.process(77, "nvidia-persiste")
        .open_file(77, 3, "/dev/nvidia3")
        .open_file(77, 4, "/dev/nvidiactl");
    EXPECT_EQ("open-fd: nvidia-persiste (pid 77) has /dev/nvidia3 open\n", tree.usage(gpu));
}

TEST(UsageFd, ReadsALivingThreadOfAProcessWhoseMainThreadHasEnded) {
    UsageTree tree;
    const Device device = unbound_device(tree);
    tree.process(50, "dpdk-app").file("/proc/50/stat", "50 (dpdk-app) Z 1 50");
    tree.file("/proc/50/task/50/stat", "50 (dpdk-app) Z 1 50")
        .file("/proc/50/task/51/stat", "51 (worker) S 1 50")
        .file("/proc/50/task/51/maps",
              "7f00-7f01 rw-s fea00000 00:20 13600    "
              "/sys/devices/pci0000:00/0000:01:00.0/resource0\n");
    tree.link("/proc/50/task/51/fd/3", "/sys/devices/pci0000:00/0000:01:00.0/config");
    EXPECT_EQ(
        "open-fd: dpdk-app (pid 50) has 0000:01:00.0/config open\n"
        "open-fd: dpdk-app (pid 50) has 0000:01:00.0/resource0 mapped\n",
        tree.usage(device));
}

TEST(UsageFd, FindsFilesThatAreRegisteredWithAnIoUring) {
    UsageTree tree;
    const Device device = tree.pci("0000:01:00.0");
    tree.node(device.syspath + "/nvme/nvme0", "nvme", "245:0", "nvme0");
    tree.process(50, "fio").open_file(50, 4, "anon_inode:[io_uring]");
    const auto usage = [&](const std::string& files) {
        tree.file("/proc/50/fdinfo/4", "pos:\t0\nSqThread:\t-1\n" + files + "UserBufs:\t0\n");
        return tree.usage(device);
    };
    constexpr const char* kFound =
        "open-fd: fio (pid 50) has /dev/nvme0 registered with an io_uring\n";
    EXPECT_EQ("", usage("UserFiles:\t0\n"));
    EXPECT_EQ("", usage("UserFiles:\t2\n    0: <none>\n    1: nvme1\n"));
    EXPECT_EQ(kFound, usage("UserFiles:\t2\n    0: <none>\n    1: nvme0\n"));
    EXPECT_EQ(kFound, usage("UserFiles:\t2\n    1: /dev/nvme0\n"));
    constexpr const char* kUnknown =
        "unknown-use: fio (pid 50) has an io_uring whose files are not listed\n";
    EXPECT_EQ(kUnknown, usage("UserFiles:\t2\n"));
    // Since 6.13 an empty place has no line; only since 6.15 no line means that all are empty.
    for (const auto& [release, found] :
         {std::pair("6.12.57+deb13-amd64", kUnknown), std::pair("6.13.12", kUnknown),
          std::pair("6.15.0-rc7", ""), std::pair("6.17.13+deb14-amd64", "")}) {
        tree.file("/proc/sys/kernel/osrelease", std::string(release) + "\n");
        EXPECT_EQ(found, usage("UserFiles:\t2\n")) << release;
        EXPECT_EQ(kFound, usage("UserFiles:\t2\n    1: /dev/nvme0\n")) << release;
        EXPECT_EQ(kUnknown, usage("")) << release << ": it was locked";
    }
}

TEST(UsageFd, DoesNotKnowTheFilesOfARingWithoutADescriptor) {
    UsageTree tree;
    const Device device = unbound_device(tree);
    tree.process(50, "fio");
    tree.file("/proc/50/maps", "7f00-7f01 rw-s 10000000 00:0c 16    anon_inode:[io_uring]\n");
    EXPECT_EQ("unknown-use: fio (pid 50) has an io_uring without a descriptor\n",
              tree.usage(device));
}

}  // namespace

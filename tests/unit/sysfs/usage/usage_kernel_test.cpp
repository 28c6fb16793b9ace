// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using sysfs::Device;

constexpr const char* kConfig = "/sys/kernel/config";

/// An NVMe controller with one disk of two partitions, and nothing in /dev.
class UsageKernel : public ::testing::Test {
  protected:
    UsageKernel() {
        tree_.node(nvme_, "nvme", "245:0", "nvme0");
        tree_.disk(disk_, "259:0");
        tree_.partition(disk_ + "/nvme0n1p1", "259:1");
        tree_.partition(disk_ + "/nvme0n1p2", "259:2");
    }

    std::string loop(int number, const std::string& file) {
        const std::string name = "loop" + std::to_string(number);
        const std::string dir = "/sys/devices/virtual/block/" + name;
        tree_.disk(dir, "7:" + std::to_string(number));
        tree_.file(dir + "/loop/backing_file", file + "\n");
        return dir;
    }

    static std::string mount(const std::string& number, const std::string& target,
                             const std::string& type, const std::string& source) {
        return "36 35 " + number + " / " + target + " rw,relatime shared:1 - " + type + " " +
               source + " rw\n";
    }

    UsageTree tree_;
    Device device_ = tree_.pci("0000:01:00.0");
    std::string nvme_ = device_.syspath + "/nvme/nvme0";
    std::string disk_ = nvme_ + "/nvme0n1";
};

TEST_F(UsageKernel, FindsALoopDeviceOverTheDisk) {
    tree_.file("/run/udev/data/b259:0", "E:ID_PART_TABLE_TYPE=gpt\n");
    loop(0, "/dev/nvme0n1");
    loop(1, "/dev/sda");
    EXPECT_EQ("holder: loop0 holds nvme0n1\n", tree_.usage(device_));
    tree_.process(1, "init", mount("7:0", "/mnt", "ext4", "/dev/loop0"));
    EXPECT_EQ(
        "mounted: loop0 above nvme0n1 on /mnt\n"
        "holder: loop0 holds nvme0n1, mounted on /mnt\n",
        tree_.usage(device_));
}

TEST_F(UsageKernel, FindsWhatStandsOnALoopDeviceOverAFile) {
    const std::string dir = loop(3, "/srv/my disk.img");
    tree_.partition(dir + "/loop3p1", "259:9");
    tree_.holder("dm-4", "254:4", dir + "/loop3p1");
    tree_.process(1, "init",
                  mount("8:1", "/", "ext4", "/dev/sda1") +
                      mount("259:2", "/srv", "ext4", "/dev/nvme0n1p2") +
                      mount("254:4", "/secret", "xfs", "/dev/mapper/x"));
    EXPECT_EQ(
        "mounted: dm-4 above loop3p1 on /secret\n"
        "mounted: nvme0n1p2 on /srv\n"
        "holder: loop3 (/srv/my disk.img) holds nvme0n1p2\n",
        tree_.usage(device_));
}

TEST_F(UsageKernel, FollowsLoopDevicesOverFilesOnLoopDevices) {
    loop(0, "/dev/nvme0n1p1");
    loop(1, "/outer/inner.img");
    tree_.process(1, "init",
                  mount("7:0", "/outer", "ext4", "/dev/loop0") +
                      mount("7:1", "/inner", "ext4", "/dev/loop1"));
    EXPECT_EQ(
        "mounted: loop0 above nvme0n1p1 on /outer\n"
        "mounted: loop1 (/outer/inner.img) above loop0 on /inner\n"
        "holder: loop0 holds nvme0n1p1, mounted on /outer\n",
        tree_.usage(device_));
}

TEST_F(UsageKernel, FindsALoopDeviceOverAFileOfAPool) {
    tree_.link("/sys/fs/btrfs/1234-abcd/devices/nvme0n1p2", "../../../../block/x");
    loop(0, "/pool/disk.img");
    tree_.process(1, "init", mount("0:31", "/pool", "btrfs", "/dev/nvme0n1p2"));
    EXPECT_EQ(
        "mounted: nvme0n1p2 (btrfs) on /pool\n"
        "holder: loop0 (/pool/disk.img) holds nvme0n1p2\n",
        tree_.usage(device_));
}

TEST_F(UsageKernel, OmitsALoopDeviceOverAFileElsewhere) {
    loop(0, "/srv/nfs/nvme0n1");
    loop(1, "/srv/disk.img (deleted)");
    tree_.process(1, "init",
                  mount("259:2", "/srv", "ext4", "/dev/nvme0n1p2") +
                      mount("0:40", "/srv/nfs", "nfs4", "server:/x"));
    EXPECT_EQ(
        "mounted: nvme0n1p2 on /srv\n"
        "holder: loop1 (/srv/disk.img (deleted)) holds nvme0n1p2\n",
        tree_.usage(device_));
}

TEST_F(UsageKernel, FindsSwapAndProcessesOnALoopDevice) {
    loop(0, "/dev/nvme0n1");
    tree_.file("/proc/swaps",
               "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
               "/dev/loop0                              partition\t8388604\t\t0\t\t-2\n");
    tree_.process(77, "qemu").open_file(77, 9, "/dev/loop0");
    EXPECT_EQ(
        "swap: loop0 above nvme0n1\n"
        "holder: loop0 holds nvme0n1\n"
        "open-fd: qemu (pid 77) has /dev/loop0 open\n",
        tree_.usage(device_));
}

TEST_F(UsageKernel, FindsTheBackingDiskOfZram) {
    const std::string dir = "/sys/devices/virtual/block/zram0";
    tree_.disk(dir, "253:0");
    tree_.file(dir + "/backing_dev", "none\n");
    EXPECT_EQ("", tree_.usage(device_));
    tree_.file(dir + "/backing_dev", "/dev/nvme0n1p1\n");
    EXPECT_EQ("holder: zram0 holds nvme0n1p1\n", tree_.usage(device_));
}

TEST_F(UsageKernel, FindsAnEnabledNvmetNamespace) {
    const std::string nvmet = std::string(kConfig) + "/nvmet/subsystems/nqn.2014-08.org:x";
    tree_.file(nvmet + "/namespaces/1/device_path", "/dev/disk/by-id/nvme-x-part1\n");
    tree_.link("/dev/disk/by-id/nvme-x-part1", "../../nvme0n1p1");
    tree_.file(nvmet + "/namespaces/1/enable", "0\n");
    tree_.file(nvmet + "/namespaces/2/device_path", "(null)\n");
    tree_.file(nvmet + "/namespaces/2/enable", "0\n");
    EXPECT_EQ("", tree_.usage(device_));
    tree_.file(nvmet + "/namespaces/1/enable", "1\n");
    EXPECT_EQ("holder: nvmet namespace nqn.2014-08.org:x/1 serves nvme0n1p1\n",
              tree_.usage(device_));
}

TEST_F(UsageKernel, FindsAnNvmetNamespaceWithAFile) {
    const std::string object = std::string(kConfig) + "/nvmet/subsystems/x/namespaces/7";
    tree_.file(object + "/device_path", "/srv/disk.img\n").file(object + "/enable", "1\n");
    tree_.process(1, "init", mount("259:2", "/srv", "ext4", "/dev/nvme0n1p2"));
    EXPECT_EQ(
        "mounted: nvme0n1p2 on /srv\n"
        "holder: nvmet namespace x/7 serves /srv/disk.img on nvme0n1p2\n",
        tree_.usage(device_));
}

TEST_F(UsageKernel, FindsAControllerThatNvmetPassesThrough) {
    const std::string object = std::string(kConfig) + "/nvmet/subsystems/x/passthru";
    tree_.file(object + "/device_path", "/dev/nvme0\n").file(object + "/enable", "1\n");
    EXPECT_EQ("holder: nvmet passthru x serves nvme0\n", tree_.usage(device_));
}

TEST_F(UsageKernel, FindsBackstoresOfLio) {
    const std::string core = std::string(kConfig) + "/target/core";
    tree_.file(core + "/alua/lu_gps/default_lu_gp/members", "");
    tree_.file(core + "/iblock_0/disk/enable", "1\n").file(core + "/iblock_0/disk/udev_path", "");
    tree_.file(core + "/iblock_0/disk/info",
               "Status: ACTIVATED  Max Queue Depth: 128  SectorSize: 512  HwMaxSectors: 2560\n"
               "        iBlock device: nvme0n1p1  UDEV PATH: /dev/x  readonly: 0\n"
               "        Major: 259 Minor: 1  CLAIMED: IBLOCK\n");
    tree_.file(core + "/fileio_1/image/enable", "1\n")
        .file(core + "/fileio_1/image/udev_path", "/srv/a.img\n");
    tree_.file(core + "/fileio_1/image/info",
               "Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 16384\n"
               "        TCM FILEIO ID: 0        File: /srv/a.img  Size: 1048576  Mode: Buffered-WCE"
               " Async: 0\n");
    tree_.process(1, "init", mount("259:2", "/srv", "ext4", "/dev/nvme0n1p2"));
    EXPECT_EQ(
        "mounted: nvme0n1p2 on /srv\n"
        "holder: LIO backstore fileio_1/image serves /srv/a.img on nvme0n1p2\n"
        "holder: LIO backstore iblock_0/disk serves nvme0n1p1\n",
        tree_.usage(device_));
}

TEST_F(UsageKernel, FindsTheDiskOfAUsbGadget) {
    const std::string object =
        std::string(kConfig) + "/usb_gadget/g1/functions/mass_storage.0/lun.0";
    tree_.file(object + "/file", "/dev/nvme0n1\n");
    EXPECT_EQ("holder: USB gadget g1/mass_storage.0/lun.0 serves nvme0n1\n", tree_.usage(device_));
}

// Its numbers are hexadecimal, those of pstore_blk decimal.
TEST_F(UsageKernel, FindsTheDiskOfAXenDomainAndTheKernelsCrashLog) {
    tree_.file("/sys/bus/xen-backend/devices/vbd-3-51712/physical_device", "103:1\n");
    tree_.file("/sys/bus/xen-backend/devices/vbd-3-51728/physical_device", "259:2\n");
    tree_.file("/sys/module/pstore_blk/parameters/blkdev", "259:2\n");
    EXPECT_EQ(
        "holder: pstore_blk writes to nvme0n1p2\n"
        "holder: Xen backend vbd-3-51712 serves nvme0n1p1\n",
        tree_.usage(device_));
    tree_.file("/sys/module/pstore_blk/parameters/blkdev", "\n");
    EXPECT_EQ("holder: Xen backend vbd-3-51712 serves nvme0n1p1\n", tree_.usage(device_));
}

TEST_F(UsageKernel, DoesNotKnowWhatAnUnreadableSubsystemServes) {
    tree_.file("/sys/module/nvmet/refcnt", "0\n");
    EXPECT_EQ("", tree_.usage(device_));
    tree_.file("/sys/module/nvmet/refcnt", "2\n");
    EXPECT_EQ("unknown-use: nvmet is in use, and /sys/kernel/config/nvmet cannot be read\n",
              tree_.usage(device_));
}

}  // namespace

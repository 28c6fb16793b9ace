// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using sysfs::Device;

/// An NVMe controller with one disk of two partitions.
class UsageBlock : public ::testing::Test {
  protected:
    UsageBlock() {
        tree_.node(nvme_, "nvme", "245:0", "nvme0");
        tree_.disk(disk_, "259:0");
        tree_.partition(disk_ + "/nvme0n1p1", "259:1");
        tree_.partition(disk_ + "/nvme0n1p2", "259:2");
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

TEST_F(UsageBlock, FindsNoUseOfAnEmptyDisk) {
    EXPECT_EQ("", tree_.usage(device_));
}

// With any number of descriptors left there is a reason to refuse: the mount, or what was lost.
TEST_F(UsageBlock, AMountedDiskIsNeverIdleForWantOfDescriptors) {
    tree_.holder("dm-0", "254:0", disk_ + "/nvme0n1p1");
    tree_.file("/proc/1/mountinfo", mount("254:0", "/srv", "ext4", "/dev/dm-0"));
    rlimit limit{};
    ASSERT_EQ(0, ::getrlimit(RLIMIT_NOFILE, &limit));
    for (rlim_t count = 0; count < 32; ++count) {
        const rlimit few{count, limit.rlim_max};
        ASSERT_EQ(0, ::setrlimit(RLIMIT_NOFILE, &few));
        const std::string found = tree_.usage(device_);
        ASSERT_EQ(0, ::setrlimit(RLIMIT_NOFILE, &limit));
        EXPECT_TRUE(found.find("unknown-use") != std::string::npos ||
                    found.starts_with("mounted: dm-0 above nvme0n1p1 on /srv\n"))
            << count << " descriptors: " << found;
    }
}

// As when the process has no descriptor left.
TEST_F(UsageBlock, DoesNotKnowADirectoryThatCannotBeRead) {
    rlimit limit{};
    ASSERT_EQ(0, ::getrlimit(RLIMIT_NOFILE, &limit));
    const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};
    ASSERT_EQ(0, ::setrlimit(RLIMIT_NOFILE, &none));
    const std::string usage = tree_.usage(device_);
    ASSERT_EQ(0, ::setrlimit(RLIMIT_NOFILE, &limit));
    EXPECT_NE(std::string::npos, usage.find("unknown-use: " + tree_.path(device_.syspath) +
                                            ": open: Too many open files\n"))
        << usage;
}

TEST_F(UsageBlock, FindsTheMountOfAPartition) {
    tree_.process(
        1, "init",
        mount("259:2", "/home", "ext4", "/dev/nvme0n1p2") + mount("8:1", "/", "ext4", "/dev/sda1"));
    EXPECT_EQ("mounted: nvme0n1p2 on /home\n", tree_.usage(device_));
}

TEST_F(UsageBlock, UnescapesMountPoints) {
    tree_.process(1, "init", mount("259:2", "/my\\040disk", "ext4", "/dev/nvme0n1p2"));
    EXPECT_EQ("mounted: nvme0n1p2 on /my disk\n", tree_.usage(device_));
}

TEST_F(UsageBlock, ListsTheShortestMountPointsFirst) {
    tree_.process(1, "init",
                  mount("259:2", "/var/lib/a", "ext4", "/dev/nvme0n1p2") +
                      mount("259:2", "/", "ext4", "/dev/nvme0n1p2") +
                      mount("259:2", "/srv", "ext4", "/dev/nvme0n1p2") +
                      mount("259:2", "/var/lib/bcd", "ext4", "/dev/nvme0n1p2"));
    EXPECT_EQ("mounted: nvme0n1p2 on /, /srv, /var/lib/a and 1 more\n", tree_.usage(device_));
}

TEST_F(UsageBlock, FindsAMountThatOnlyAnotherNamespaceHas) {
    tree_.process(1, "init", mount("8:1", "/", "ext4", "/dev/sda1"), "1");
    tree_.process(712, "postgres", mount("259:1", "/data", "xfs", "/dev/nvme0n1p1"), "2");
    tree_.process(713, "postgres", mount("259:1", "/data", "xfs", "/dev/nvme0n1p1"), "2");
    EXPECT_EQ("mounted: nvme0n1p1 on /data in the mount namespace of postgres (pid 712)\n",
              tree_.usage(device_));
}

TEST_F(UsageBlock, FollowsTheDeviceMapperToTheDisk) {
    tree_.holder("dm-0", "254:0", disk_ + "/nvme0n1p2");
    tree_.file("/sys/devices/virtual/block/dm-0/dm/name", "luks\n");
    tree_.holder("dm-1", "254:1", "/sys/devices/virtual/block/dm-0");
    tree_.file("/sys/devices/virtual/block/dm-1/dm/name", "vg-home\n");
    tree_.process(1, "init", mount("254:1", "/home", "ext4", "/dev/mapper/vg-home"));
    EXPECT_EQ(
        "mounted: dm-1 (vg-home) above dm-0 on /home\n"
        "holder: dm-0 (luks) holds nvme0n1p2\n",
        tree_.usage(device_));
}

TEST_F(UsageBlock, FollowsPartitionsOfAnArray) {
    tree_.holder("md0", "9:0", disk_);
    tree_.partition("/sys/devices/virtual/block/md0/md0p1", "259:9");
    tree_.process(1, "init", mount("259:9", "/srv", "ext4", "/dev/md0p1"));
    EXPECT_EQ("mounted: md0p1 above nvme0n1 on /srv\nholder: md0 holds nvme0n1\n",
              tree_.usage(device_));
}

TEST_F(UsageBlock, FindsSwapOnAPartitionAndOnAStackedDevice) {
    tree_.holder("dm-0", "254:0", disk_ + "/nvme0n1p2");
    tree_.file("/proc/swaps",
               "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
               "/dev/nvme0n1p1                          partition\t8388604\t\t0\t\t-2\n"
               "/dev/dm-0                               partition\t8388604\t\t0\t\t-3\n"
               "/swapfile                               file\t\t1048572\t\t0\t\t-4\n");
    EXPECT_EQ("swap: dm-0 above nvme0n1p2\nswap: nvme0n1p1\nholder: dm-0 holds nvme0n1p2\n",
              tree_.usage(device_));
}

TEST_F(UsageBlock, FindsEveryMemberOfAMountedBtrfs) {
    tree_.link("/sys/fs/btrfs/1234-abcd/devices/nvme0n1p2", "../../../../block/x");
    tree_.link("/sys/fs/btrfs/1234-abcd/devices/sdb1", "../../../../block/y");
    tree_.file("/sys/fs/btrfs/features/raid1c34", "0\n");
    tree_.process(1, "init", mount("0:31", "/pool", "btrfs", "/dev/sdb1"));
    EXPECT_EQ(
        "mounted: nvme0n1p2 (btrfs) on /pool\n"
        "holder: nvme0n1p2 in btrfs 1234-abcd\n",
        tree_.usage(device_));
}

TEST_F(UsageBlock, ReportsUnmountedContent) {
    tree_.file("/run/udev/data/b259:0", "S:disk/by-id/x\nE:ID_PART_TABLE_TYPE=gpt\n");
    tree_.file("/run/udev/data/b259:1",
               "E:ID_FS_TYPE=vfat\nE:ID_FS_USAGE=filesystem\nE:ID_PART_TABLE_TYPE=gpt\n");
    tree_.file("/run/udev/data/b259:2", "E:ID_FS_LABEL=home\nE:ID_FS_TYPE=ext4\n");
    EXPECT_EQ(
        "signature: nvme0n1: gpt partition table, nvme0n1p1: vfat, nvme0n1p2: ext4 \"home\"\n",
        tree_.usage(device_));
}

TEST_F(UsageBlock, OmitsSignaturesOfADiskInUse) {
    tree_.file("/run/udev/data/b259:1", "E:ID_FS_TYPE=vfat\n");
    tree_.process(1, "init", mount("259:2", "/home", "ext4", "/dev/nvme0n1p2"));
    EXPECT_EQ("mounted: nvme0n1p2 on /home\n", tree_.usage(device_));
}

TEST_F(UsageBlock, ReportsAMemberAsHeld) {
    tree_.file("/run/udev/data/b259:1", "E:ID_FS_TYPE=LVM2_member\nE:ID_FS_USAGE=raid\n");
    tree_.file("/run/udev/data/b259:2", "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n");
    tree_.file("/proc/spl/kstat/zfs/tank/state", "ONLINE\n");
    EXPECT_EQ(
        "holder: nvme0n1p1 is LVM2_member\n"
        "holder: nvme0n1p2 is zfs_member \"tank\" of an imported pool\n",
        tree_.usage(device_));
}

TEST(UsageMultipath, TreatsTheHeadOfASinglePathAsTheDisk) {
    UsageTree tree;
    const Device device = tree.pci("0000:01:00.0");
    const std::string path = device.syspath + "/nvme/nvme0/nvme0c0n1";
    tree.file(path + "/hidden", "1\n").link("/sys/class/block/nvme0c0n1", tree.path(path));
    tree.disk("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "259:0");
    tree.file("/run/udev/data/b259:0", "E:ID_FS_TYPE=xfs\n");
    EXPECT_EQ("signature: nvme0n1: xfs\n", tree.usage(device));
}

TEST(UsageMultipath, ReportsAHeadThatHasOtherPathsToo) {
    UsageTree tree;
    const Device device = tree.pci("0000:01:00.0");
    const std::string path = device.syspath + "/nvme/nvme0/nvme0c0n1";
    tree.file(path + "/hidden", "1\n").link("/sys/class/block/nvme0c0n1", tree.path(path));
    tree.link("/sys/class/block/nvme0c1n1", "../elsewhere");
    const std::string head = "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1";
    tree.disk(head, "259:0").partition(head + "/nvme0n1p1", "259:1");
    tree.process(1, "init", "36 35 259:1 / / rw - ext4 /dev/nvme0n1p1 rw\n");
    EXPECT_EQ("mounted: nvme0n1p1 above nvme0c0n1 on /\nholder: nvme0n1 holds nvme0c0n1\n",
              tree.usage(device));
}

TEST(UsageBelow, CountsDisksBehindAScsiHostAndBehindVirtio) {
    UsageTree tree;
    const Device hba = tree.pci("0000:00:1f.2");
    tree.disk(hba.syspath + "/ata1/host0/target0:0:0/0:0:0:0/block/sda", "8:0");
    const Device virtio = tree.pci("0000:00:05.0");
    tree.disk(virtio.syspath + "/virtio2/block/vda", "254:0");
    tree.process(1, "init",
                 "36 35 8:0 / /a rw - ext4 /dev/sda rw\n"
                 "37 35 254:0 / /b rw - ext4 /dev/vda rw\n");
    EXPECT_EQ("mounted: sda on /a\n", tree.usage(hba));
    EXPECT_EQ("mounted: vda on /b\n", tree.usage(virtio));
}

TEST(UsageBelow, CountsWhatIsBehindABridge) {
    UsageTree tree;
    const Device bridge = tree.pci("0000:00:04.0");
    tree.disk(bridge.syspath + "/0000:01:00.0/nvme/nvme0/nvme0n1", "259:0");
    tree.process(1, "init", "36 35 259:0 / / rw - ext4 /dev/nvme0n1 rw\n");
    EXPECT_EQ("mounted: nvme0n1 on /\n", tree.usage(bridge));
}

}  // namespace

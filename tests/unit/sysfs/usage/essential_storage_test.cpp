// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/essential_storage.hpp"

#include <gtest/gtest.h>

#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using sysfs::Device;

std::string mount(const std::string& number, const std::string& target, const std::string& type,
                  const std::string& source, const std::string& options = "rw") {
    return "36 35 " + number + " / " + target + " rw,relatime shared:1 - " + type + " " + source +
           " " + options + "\n";
}

/// Two NVMe controllers, each with a disk of two partitions; the tests ask about the first.
class EssentialStorage : public ::testing::Test {
  protected:
    EssentialStorage() {
        tree_.disk(disk_, "259:0");
        tree_.partition(disk_ + "/nvme0n1p1", "259:1");
        tree_.partition(disk_ + "/nvme0n1p2", "259:2");
        tree_.disk(other_disk_, "259:8");
    }

    /// The uses that nothing can force, with "?" in front of the others.
    std::string uses() const {
        std::string lines;
        for (const sysfs::Use& use : tree_.uses(device_))
            lines += (use.essential ? "! " : "? ") + use_lines({use});
        return lines;
    }

    void mounts(const std::string& mountinfo) { tree_.process(1, "systemd", mountinfo); }

    UsageTree tree_;
    Device device_ = tree_.pci("0000:01:00.0");
    Device other_ = tree_.pci("0000:02:00.0");
    std::string disk_ = device_.syspath + "/nvme/nvme0/nvme0n1";
    std::string other_disk_ = other_.syspath + "/nvme/nvme1/nvme1n1";
};

TEST_F(EssentialStorage, TakesWhatTheSystemRunsOnAndNothingElse) {
    for (const char* target : {"/", "/usr", "/boot", "/boot/efi", "/efi", "/var", "/var/lib",
                               "/var/lib/bindd", "/etc", "/nix/store"}) {
        mounts(mount("8:1", "/", "ext4", "/dev/sda1") +
               mount("259:2", target, "ext4", "/dev/nvme0n1p2"));
        EXPECT_EQ("! mounted: nvme0n1p2 on " + std::string(target) + "\n", uses());
    }
    for (const char* target : {"/home", "/srv", "/var/lib/libvirt", "/usr/local", "/boot2"}) {
        mounts(mount("8:1", "/", "ext4", "/dev/sda1") +
               mount("259:2", target, "ext4", "/dev/nvme0n1p2"));
        EXPECT_EQ("? mounted: nvme0n1p2 on " + std::string(target) + "\n", uses());
    }
}

TEST_F(EssentialStorage, TheNumberTellsWhereDevRootIs) {
    mounts(mount("259:2", "/", "ext4", "/dev/root") +
           mount("259:2", "/mnt/again", "ext4", "/dev/root"));
    EXPECT_EQ("! mounted: nvme0n1p2 on /, /mnt/again\n", uses());
}

TEST_F(EssentialStorage, OtherUsesOfTheDiskAreNotEssential) {
    mounts(mount("259:1", "/", "ext4", "/dev/nvme0n1p1") +
           mount("259:2", "/home", "ext4", "/dev/nvme0n1p2"));
    EXPECT_EQ("? mounted: nvme0n1p2 on /home\n! mounted: nvme0n1p1 on /\n", uses());
}

TEST_F(EssentialStorage, TheRootOfAContainerIsNotTheSystems) {
    mounts(mount("8:1", "/", "ext4", "/dev/sda1"));
    tree_.process(712, "nginx", mount("259:2", "/", "ext4", "/dev/nvme0n1p2"), "2");
    EXPECT_EQ("? mounted: nvme0n1p2 on / in the mount namespace of nginx (pid 712)\n", uses());
}

TEST_F(EssentialStorage, TakesWhatHoldsTheDiskOfTheRoot) {
    tree_.holder("md0", "9:0", disk_ + "/nvme0n1p2");
    tree_.holder("dm-0", "254:0", "/sys/devices/virtual/block/md0");
    tree_.file("/sys/devices/virtual/block/dm-0/dm/name", "vg-root\n");
    mounts(mount("254:0", "/", "ext4", "/dev/mapper/vg-root"));
    EXPECT_EQ(
        "! mounted: dm-0 (vg-root) above md0 on /\n"
        "! holder: md0 holds nvme0n1p2\n",
        uses());
}

TEST_F(EssentialStorage, SwapInUseIsEssentialInAPartitionAndInAFile) {
    tree_.file("/proc/swaps",
               "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
               "/dev/nvme0n1p1                          partition\t8388604\t\t0\t\t-2\n"
               "/swap/file                              file\t\t1048572\t\t0\t\t-4\n");
    mounts(mount("8:1", "/", "ext4", "/dev/sda1") +
           mount("259:2", "/swap", "ext4", "/dev/nvme0n1p2"));
    EXPECT_EQ("! mounted: nvme0n1p2 on /swap\n! swap: nvme0n1p1\n", uses());
}

TEST_F(EssentialStorage, TakesTheLayersOfAnOverlay) {
    mounts(mount("259:2", "/media/root-ro", "ext4", "/dev/nvme0n1p2") +
           mount("0:30", "/media/root-rw", "tmpfs", "tmpfs") +
           mount("0:31", "/", "overlay", "overlayroot",
                 "rw,lowerdir=/media/root-ro,upperdir=/media/root-rw/overlay,workdir=/x"));
    EXPECT_EQ("! mounted: nvme0n1p2 on /media/root-ro\n", uses());
}

TEST_F(EssentialStorage, TakesTheFileBelowALoopDeviceBelowAnOverlay) {
    const std::string loop = "/sys/devices/virtual/block/loop0";
    tree_.disk(loop, "7:0");
    tree_.file(loop + "/loop/backing_file", "/run/live/medium/live/filesystem.squashfs\n");
    tree_.link("/sys/dev/block/7:0", "../../devices/virtual/block/loop0");
    mounts(mount("0:31", "/", "overlay", "overlay", "rw,lowerdir=/run/live/root\\134:fs:/x") +
           mount("7:0", "/run/live/root:fs", "squashfs", "/dev/loop0") +
           mount("259:1", "/run/live/medium", "iso9660", "/dev/nvme0n1p1"));
    EXPECT_EQ(
        "! mounted: loop0 (/run/live/medium/live/filesystem.squashfs) above nvme0n1p1 on "
        "/run/live/root:fs\n"
        "! mounted: nvme0n1p1 on /run/live/medium\n"
        "! holder: loop0 (/run/live/medium/live/filesystem.squashfs) holds nvme0n1p1, mounted on "
        "/run/live/root:fs\n",
        uses());
}

TEST_F(EssentialStorage, TakesEveryDiskOfTheRootsBtrfs) {
    tree_.link("/sys/fs/btrfs/1234-abcd/devices/nvme1n1", "../../../../block/x");
    tree_.link("/sys/fs/btrfs/1234-abcd/devices/nvme0n1p2", "../../../../block/y");
    mounts(mount("0:31", "/", "btrfs", "/dev/nvme1n1"));
    EXPECT_EQ(
        "! mounted: nvme0n1p2 (btrfs) on /\n"
        "! holder: nvme0n1p2 in btrfs 1234-abcd\n",
        uses());
}

TEST_F(EssentialStorage, TakesTheExternalJournalOfTheRoot) {
    tree_.file("/proc/fs/jbd2/nvme0n1p1/info", "");
    mounts(mount("259:8", "/", "ext4", "/dev/nvme1n1"));
    EXPECT_EQ("! holder: nvme0n1p1\n", uses());
}

TEST_F(EssentialStorage, TheExternalJournalOfAnotherFileSystemCanBeForced) {
    tree_.file("/proc/fs/jbd2/nvme0n1p1/info", "").file("/proc/fs/jbd2/nvme1n1-8/info", "");
    mounts(mount("259:8", "/", "ext4", "/dev/nvme1n1") + mount("8:1", "/srv", "ext4", "/dev/sda1"));
    EXPECT_EQ("? holder: nvme0n1p1\n", uses());
}

TEST_F(EssentialStorage, TakesTheLogDeviceOfXfs) {
    tree_.file("/run/udev/data/b259:1", "E:ID_FS_TYPE=xfs_external_log\n");
    tree_.holder("dm-3", "254:3", disk_ + "/nvme0n1p1");
    tree_.file("/sys/devices/virtual/block/dm-3/dm/name", "log\n");
    mounts(mount("259:8", "/", "xfs", "/dev/nvme1n1", "rw,attr2,logdev=/dev/mapper/log,noquota"));
    EXPECT_EQ(
        "! holder: dm-3 (log) above nvme0n1p1 is a part of xfs on /\n"
        "! holder: dm-3 (log) holds nvme0n1p1\n",
        uses());
}

// logdev= is what the administrator wrote, mostly a link.
TEST_F(EssentialStorage, FindsALogByItsLinkOrItsNameInTheVolumeGroup) {
    tree_.link("/dev/disk/by-id/nvme-x-part1", "../../nvme0n1p1");
    tree_.file("/run/udev/data/b259:1", "E:ID_FS_TYPE=xfs_external_log\n");
    mounts(mount("259:8", "/", "xfs", "/dev/nvme1n1", "rw,logdev=/dev/disk/by-id/nvme-x-part1"));
    EXPECT_EQ("! holder: nvme0n1p1 is a part of xfs on /\n", uses());
    tree_.holder("dm-3", "254:3", disk_ + "/nvme0n1p1");
    tree_.file("/sys/devices/virtual/block/dm-3/dm/name", "vg-my--log\n");
    mounts(mount("259:8", "/", "xfs", "/dev/nvme1n1", "rw,logdev=/dev/vg/my-log"));
    EXPECT_EQ(
        "! holder: dm-3 (vg-my--log) above nvme0n1p1 is a part of xfs on /\n"
        "! holder: dm-3 (vg-my--log) holds nvme0n1p1\n",
        uses());
}

TEST_F(EssentialStorage, TakesThePoolOfTheRoot) {
    tree_.file("/run/udev/data/b259:2", "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=rpool\n");
    tree_.file("/proc/spl/kstat/zfs/rpool/state", "ONLINE\n");
    mounts(mount("0:31", "/", "zfs", "rpool/ROOT/debian"));
    EXPECT_EQ("! holder: nvme0n1p2 is zfs_member \"rpool\" of an imported pool\n", uses());
}

/// A NIC that the default route leaves through, and a virtio device of the hypervisor's files.
class EssentialRemoteStorage : public EssentialStorage {
  protected:
    EssentialRemoteStorage() {
        tree_.file(nic_.syspath + "/net/eth0/ifindex", "2\n");
        tree_.link("/sys/class/net/eth0", tree_.path(nic_.syspath + "/net/eth0"));
        tree_.file("/proc/net/route",
                   "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
                   "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n");
        device_ = nic_;
    }

    /// `device_` becomes a virtio device with this driver.
    void virtio(const std::string& driver) {
        device_ = tree_.pci("0000:00:04.0");
        const std::string virtio = device_.syspath + "/virtio3";
        tree_.file(virtio + "/modalias", "virtio:d0000001Av00001AF4\n");
        tree_.link(virtio + "/driver", "../../../../bus/virtio/drivers/" + driver);
        tree_.link("/sys/bus/virtio/devices/virtio3", tree_.path(virtio));
    }

    Device nic_ = tree_.pci("0000:00:03.0");
};

/// Its route tells that it has an address.
const std::string kNetwork = "? addressed: 192.0.2.0/24 on eth0\n";

TEST_F(EssentialRemoteStorage, TakesTheInterfaceToTheServerOfTheRoot) {
    mounts(mount("0:22", "/", "nfs4", "fs.example:/root", "rw,vers=4.2,addr=192.0.2.9"));
    EXPECT_EQ(kNetwork + "! session: nfs4 fs.example:/root on / to 192.0.2.9 by eth0\n", uses());
    mounts(mount("0:22", "/usr", "cifs", "//fs/usr", "rw,addr=192.0.2.9"));
    EXPECT_EQ(kNetwork + "! session: cifs //fs/usr on /usr to 192.0.2.9 by eth0\n", uses());
    mounts(mount("0:22", "/", "9p", "192.0.2.9", "rw,access=client,trans=tcp"));
    EXPECT_EQ(kNetwork + "! session: 9p 192.0.2.9 on / to 192.0.2.9 by eth0\n", uses());
    mounts(mount("0:22", "/srv", "nfs4", "fs.example:/srv", "rw,addr=192.0.2.9"));
    EXPECT_EQ(kNetwork + "? session: nfs4 fs.example:/srv on /srv to 192.0.2.9 by eth0\n", uses());
    mounts(mount("0:22", "/", "nfs", "fs.example:/srv", "rw,addr=198.51.100.9"));
    EXPECT_EQ(kNetwork + "? unknown-use: what carries nfs fs.example:/srv on / is unknown\n",
              uses());
}

TEST_F(EssentialRemoteStorage, SwapOnAServerIsEssential) {
    tree_.file("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/swap/file file 1 0 -2\n");
    mounts(mount("8:1", "/", "ext4", "/dev/sda1") +
           mount("0:22", "/swap", "nfs4", "fs.example:/swap", "rw,addr=192.0.2.9"));
    EXPECT_EQ(kNetwork + "! session: nfs4 fs.example:/swap on /swap to 192.0.2.9 by eth0\n",
              uses());
}

TEST_F(EssentialRemoteStorage, TakesTheSessionOfTheRootsIscsiDisk) {
    tree_.disk("/sys/devices/platform/host6/session1/target6:0:0/6:0:0:0/block/sdb", "8:16");
    tree_.link("/sys/dev/block/8:16", "../../devices/platform/host6/session1/block/sdb");
    tree_.file("/sys/class/iscsi_connection/connection1:0/address", "192.0.2.9\n");
    tree_.file("/sys/class/iscsi_connection/connection12:0/address", "192.0.2.8\n");
    mounts(mount("8:16", "/", "ext4", "/dev/sdb"));
    EXPECT_EQ(kNetwork +
                  "? session: iSCSI connection12:0 to 192.0.2.8 by eth0\n"
                  "! session: iSCSI connection1:0 to 192.0.2.9 by eth0\n",
              uses());
}

TEST_F(EssentialRemoteStorage, TakesEveryControllerOfTheRootsMultipathHead) {
    tree_.disk("/sys/devices/virtual/nvme-subsystem/nvme-subsys1/nvme5n1", "259:20");
    tree_.file("/sys/class/nvme-subsystem/nvme-subsys1/nvme5/x", "");
    tree_.file("/sys/class/nvme/nvme5/transport", "tcp\n")
        .file("/sys/class/nvme/nvme5/address", "traddr=192.0.2.9,trsvcid=4420\n");
    mounts(mount("259:20", "/", "ext4", "/dev/nvme5n1"));
    EXPECT_EQ(kNetwork + "! session: nvme5 (tcp) to 192.0.2.9 by eth0\n", uses());
    mounts(mount("8:1", "/", "ext4", "/dev/sda1"));
    EXPECT_EQ(kNetwork + "? session: nvme5 (tcp) to 192.0.2.9 by eth0\n", uses());
}

TEST_F(EssentialRemoteStorage, DoesNotKnowWhatCarriesANetworkBlockDevice) {
    tree_.disk("/sys/devices/virtual/block/nbd0", "43:0");
    mounts(mount("43:0", "/", "ext4", "/dev/nbd0"));
    EXPECT_EQ(kNetwork + "? unknown-use: what carries nbd0 is unknown\n", uses());
}

TEST_F(EssentialRemoteStorage, TakesTheVirtioDeviceOfATag) {
    virtio("9pnet_virtio");
    tree_.file(device_.syspath + "/virtio3/mount_tag", "root");
    mounts(mount("0:22", "/", "9p", "root", "rw,access=client,trans=virtio"));
    EXPECT_EQ("! mounted: 9p root of virtio3 on /\n", uses());
    mounts(mount("0:22", "/srv", "9p", "root", "rw,trans=virtio"));
    EXPECT_EQ("? mounted: 9p root of virtio3 on /srv\n", uses());
    mounts(mount("0:22", "/", "9p", "other", "rw,trans=virtio"));
    EXPECT_EQ("", uses());
}

TEST_F(EssentialRemoteStorage, TakesTheVirtiofsDeviceOfATag) {
    virtio("virtiofs");
    mounts(mount("0:22", "/", "virtiofs", "root"));
    EXPECT_EQ("! mounted: virtiofs root of virtio3 on /\n", uses()) << "a kernel without tags";
    tree_.file("/sys/fs/virtiofs/0/tag", "home\n")
        .link("/sys/fs/virtiofs/0/device", "../../../devices/pci0000:00/0000:00:04.0/virtio3");
    EXPECT_EQ("", uses());
    mounts(mount("0:22", "/", "virtiofs", "home"));
    EXPECT_EQ("! mounted: virtiofs home of virtio3 on /\n", uses());
}

}  // namespace

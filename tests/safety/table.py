#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""table.py VFIOCTL [ROW...]: what vfioctl plans for devices that a made-up host uses, for each kind of use. Each row says
verdict, reason and evidence that it must find; the table that is printed has what it did find. Exit status 1 if a row differs.
ROW: a part of a row's words; shows its plan. The cases of tests/lab that show a kind in a guest are in GUESTS. Looks that a
made-up host cannot have (other network namespaces, netlink, a second look before the unbind) are in tests/unit/sysfs/usage and
tests/unit/binding/transaction/."""

import sys
import tempfile

from made_up_host import Host

ADDRESS = "0000:01:00.0"
TAKE = f'name: take, match: {{ address: "{ADDRESS}" }}, driver: vfio-pci, in_use: {{ allow: [signature] }}'
EVERY_USE = "mounted, swap, holder, default-route, addressed, enslaved, session, open-fd, console, input, signature, unknown-use"
FORCED = TAKE.replace("[signature]", f"[{EVERY_USE}]")
ROWS = []
KINDS = {
    1: "kernel users that claim nothing", 2: "the running system", 3: "a limit", 4: "devices without a driver",
    5: "resources beside the device", 6: "what lives through the driver", 7: "interfaces out of sight", 8: "input and console",
    9: "bridges in a group", 10: "dead or lost devices", 11: "memory of the firmware", 12: "import", 13: "looks that fail",
    14: "mappings without descriptors", 15: "VFs that cannot be", 16: "checked twice",
}
GUESTS = {
    1: "claimless stacks", 2: "never_forced stacks", 3: "random", 4: "usage_unbound", 5: "stacks", 6: "sriov mdev kernel_clients", 7: "net_users kernel_clients",
    8: "console usage kernel_clients", 9: "groups", 10: "doctor", 11: "firmware_memory", 12: "import", 13: "net_users hung_read", 14: "usage_unbound", 15: "sriov",
    16: "live_kernel random",
}


def row(kind, words, code, evidence, rule=TAKE, verdict="refused"):
    """`code` and `evidence`: of one of the reasons; empty: there is none."""

    def add(build):
        ROWS.append((kind, words, verdict, code, evidence, rule, build))
        return build

    return add


def used_disk(kind, words, code, evidence, rule=TAKE):
    """The function gets the host and the disk."""
    return lambda build: row(kind, words, code, evidence, rule)(lambda host: build(host, host.nvme()))


def used_nic(kind, words, code, evidence, rule=TAKE):
    return lambda build: row(kind, words, code, evidence, rule)(lambda host: build(host, host.nic()))


CONFIG = "/sys/kernel/config"


# 1. Kernel users that claim nothing


@used_disk(1, "loop over the disk", "holder", "loop0 holds nvme0n1")
def _(host, _disk):
    host.loop(0, "/dev/nvme0n1")


@used_disk(1, "loop over a partition, mounted", "mounted", "loop3 above nvme0n1p2 on /data")
def _(host, _disk):
    host.loop(3, "/dev/nvme0n1p2")
    host.mount("7:3", "/data")


@used_disk(1, "loop over a link in /dev/disk/by-id", "holder", "loop0 holds nvme0n1p1")
def _(host, _disk):
    host.link("/dev/disk/by-id/nvme-x-part1", "../../nvme0n1p1").loop(0, "/dev/disk/by-id/nvme-x-part1")


@used_disk(1, "loop over a file on the disk", "holder", "loop0 (/srv/image) holds nvme0n1p1")
def _(host, _disk):
    host.mount("259:1", "/srv").loop(0, "/srv/image")


@used_disk(1, "nvmet serves a partition by its id", "holder", "nvmet namespace nqn.x/1 serves nvme0n1p1")
def _(host, _disk):
    host.link("/dev/disk/by-id/nvme-x-part1", "../../nvme0n1p1")
    for name, text in (("device_path", "/dev/disk/by-id/nvme-x-part1"), ("enable", "1")):
        host.file(f"{CONFIG}/nvmet/subsystems/nqn.x/namespaces/1/{name}", text)


@used_disk(1, "nvmet passes the controller through", "holder", "nvme0")
def _(host, _disk):
    for name, text in (("device_path", "/dev/nvme0"), ("enable", "1")):
        host.file(f"{CONFIG}/nvmet/subsystems/nqn.x/passthru/{name}", text)


@used_disk(1, "LIO serves the disk as a block device", "holder", "nvme0n1")
def _(host, _disk):
    host.file(f"{CONFIG}/target/core/iblock_0/one/udev_path", "/dev/nvme0n1").file(f"{CONFIG}/target/core/iblock_0/one/enable", "1")


@used_disk(1, "LIO serves a file on the disk", "holder", "nvme0n1p1")
def _(host, _disk):
    host.mount("259:1", "/srv")
    host.file(f"{CONFIG}/target/core/fileio_0/two/udev_path", "/srv/lun").file(f"{CONFIG}/target/core/fileio_0/two/enable", "1")


@row(1, "LIO passes the SCSI disk through", "holder", "sda")
def _(host):
    sas_disk(host)
    host.file(f"{CONFIG}/target/core/pscsi_0/three/udev_path", "/dev/sda").file(f"{CONFIG}/target/core/pscsi_0/three/enable", "1")


def sas_disk(host):
    disk = host.block(host.device("scsi") + "/host2/port-2:0/end_device-2:0/target2:0:0/2:0:0:0/block/sda", "8:0")
    host.block(f"{disk}/sda1", "8:1")
    host.file(f"{disk}/sda1/partition", "1")


@used_disk(1, "drbd on a partition", "holder", "drbd0 holds nvme0n1p2")
def _(host, disk):
    host.virtual_block("drbd0", "147:0", f"{disk}/nvme0n1p2")


@used_disk(1, "bcache on the disk, mounted", "mounted", "bcache0 above nvme0n1 on /data")
def _(host, disk):
    host.virtual_block("bcache0", "252:0", disk)
    host.mount("252:0", "/data")


@used_disk(1, "an nbd server has the disk open", "open-fd", "nbd-server (pid 9) has /dev/nvme0n1 open")
def _(host, _disk):
    host.process(9, "nbd-server", ["/dev/nvme0n1"])


@used_disk(1, "a ublk server has a partition open", "open-fd", "ublk (pid 9) has /dev/nvme0n1p1 open")
def _(host, _disk):
    host.process(9, "ublk", ["/dev/nvme0n1p1"])


@used_disk(1, "a member of a ZFS pool", "holder", "nvme0n1p1")
def _(host, _disk):
    host.signature("259:1", FS_TYPE="zfs_member", FS_LABEL="tank")
    host.mount("0:40", "/tank", "zfs", "tank")


@used_disk(1, "zram's backing disk", "holder", "zram0 holds nvme0n1p1")
def _(host, _disk):
    host.file(host.virtual_block("zram0", "253:0") + "/backing_dev", "/dev/nvme0n1p1")


@used_disk(1, "md on two partitions below LVM, mounted", "mounted", "dm-0 above md0 on /data")
def _(host, disk):
    array = host.virtual_block("md0", "9:0", f"{disk}/nvme0n1p1", f"{disk}/nvme0n1p2")
    host.virtual_block("dm-0", "254:0", array)
    host.mount("254:0", "/data")


@used_disk(1, "a USB gadget serves the disk", "holder", "nvme0n1")
def _(host, _disk):
    host.file(f"{CONFIG}/usb_gadget/g1/functions/mass_storage.0/lun.0/file", "/dev/nvme0n1").file(f"{CONFIG}/usb_gadget/g1/UDC", "dummy_udc.0")


@used_disk(1, "RNBD exports the disk", "holder", "RNBD export nvme0n1 serves nvme0n1")
def _(host, disk):
    host.link("/sys/class/rnbd-server/ctl", "/sys/devices/virtual/rnbd-server/ctl")
    host.link("/sys/devices/virtual/rnbd-server/ctl/devices/nvme0n1/block_dev", disk)


@used_disk(1, "SCST serves the disk", "holder", "SCST device one serves nvme0n1")
def _(host, _disk):
    host.file("/sys/kernel/scst_tgt/devices/one/filename", "/dev/nvme0n1\n[key]").file("/sys/kernel/scst_tgt/devices/one/active", "1")


@used_disk(1, "a cache of bcache that no disk uses yet", "holder", "nvme0n1p1 is registered with bcache")
def _(host, disk):
    host.link(f"{disk}/nvme0n1p1/bcache/set", "/sys/fs/bcache/a-b").signature("259:1", FS_TYPE="bcache", FS_USAGE="other")


@used_disk(1, "XFS on another disk keeps its log on it", "holder", "nvme0n1p1 is a part of xfs on /data")
def _(host, _disk):
    host.mount("8:1", "/data", "xfs", "/dev/sda1", options="rw,logdev=/dev/nvme0n1p1,noquota")


@used_disk(1, "a loop device whose node was removed", "holder", "loop0 holds nvme0n1")
def _(host, _disk):
    host.loop(0, "/dev/nvme0n1 (deleted)")


@row(1, "an idle disk beside the running system", "", "", TAKE, "change")
def _(host):
    host.nvme()
    host.mount("8:1", "/").swap("/dev/sda2")


@used_disk(1, "a mount in a container alone", "mounted", "nvme0n1p1 on /data")
def _(host, _disk):
    host.mount("8:1", "/").process(50, "bash").link("/proc/50/ns/mnt", "mnt:[4026532001]").link("/proc/1/ns/mnt", "mnt:[4026531840]")
    host.file("/proc/50/mountinfo", "70 1 259:1 / /data rw - ext4 /dev/nvme0n1p1 rw")


@used_disk(1, "nvmet serves a partition by its id, in a capture without links", "holder", "nvmet namespace nqn.x/1 serves nvme0n1p1")
def _(host, _disk):
    host.file("/run/udev/data/b259:1", "S:disk/by-id/nvme-x-part1")
    for name, text in (("device_path", "/dev/disk/by-id/nvme-x-part1"), ("enable", "1")):
        host.file(f"{CONFIG}/nvmet/subsystems/nqn.x/namespaces/1/{name}", text)


@used_disk(1, "a domain of Xen has a partition", "holder", "Xen backend vbd-3-51712 serves nvme0n1p1")
def _(host, _disk):
    host.file("/sys/bus/xen-backend/devices/vbd-3-51712/physical_device", "103:1")


@used_disk(1, "a domain of Xen has a volume of LVM on it", "holder", "Xen backend vbd-3-51712 serves dm-0")
def _(host, disk):
    host.virtual_block("dm-0", "254:0", disk)
    host.file("/sys/bus/xen-backend/devices/vbd-3-51712/physical_device", "fe:0")


@used_disk(1, "the kernel's crash log, by number", "holder", "pstore_blk writes to nvme0n1p2")
def _(host, _disk):
    host.file("/sys/module/pstore_blk/parameters/blkdev", "259:2")


@used_disk(1, "the kernel's crash log, by the partition's id", "holder", "pstore_blk writes to nvme0n1p2")
def _(host, _disk):
    host.link("/dev/disk/by-partuuid/1234-02", "../../nvme0n1p2").file("/sys/module/pstore_blk/parameters/blkdev", "PARTUUID=1234-02")


@row(1, "its memory is lent to an nvmet port", "holder", "524288 of the 1048576 bytes of 0000:01:00.0/p2pmem are free")
def _(host):
    base = host.device()
    host.file(f"{base}/p2pmem/size", "1048576").file(f"{base}/p2pmem/available", "524288")


@row(1, "its memory could be lent, and is not", "", "", TAKE, "change")
def _(host):
    base = host.device()
    host.file(f"{base}/p2pmem/size", "1048576").file(f"{base}/p2pmem/available", "1048576")


@used_disk(1, "a member of md that is not assembled", "holder", "linux_raid_member")
def _(host, _disk):
    host.signature("259:1", FS_TYPE="linux_raid_member", FS_LABEL="host:0")


@used_disk(1, "the second disk of a btrfs", "mounted", "/data")
def _(host, _disk):
    host.link("/sys/fs/btrfs/1234-abcd/devices/nvme0n1p1", "../../../../block/x").link("/sys/fs/btrfs/1234-abcd/devices/sdb", "../../../../block/y")
    host.mount("0:31", "/data", "btrfs", "/dev/sdb")


@used_disk(1, "ext4's external journal", "holder", "nvme0n1p1")
def _(host, disk):
    host.virtual_block("dm-9", "254:9")
    host.mount("254:9", "/data").file("/proc/fs/jbd2/nvme0n1p1/info", "1 transactions")


@used_disk(1, "a multipath map over the disk, mounted", "mounted", "dm-0 above nvme0n1 on /data")
def _(host, disk):
    host.file(host.virtual_block("dm-0", "254:0", disk) + "/dm/uuid", "mpath-eui.1")
    host.mount("254:0", "/data")


@used_disk(1, "a program has the controller's node open", "open-fd", "smartd (pid 9) has /dev/nvme0 open")
def _(host, _disk):
    host.process(9, "smartd", ["/dev/nvme0"])


@row(1, "a virtio disk, mounted", "mounted", "vda on /data")
def _(host):
    host.block(host.device("scsi", driver="virtio-pci") + "/virtio1/block/vda", "253:0")
    host.mount("253:0", "/data")


@row(1, "a SCSI tape is open", "open-fd", "bacula-sd (pid 9) has /dev/nst0 open")
def _(host):
    host.node(host.device("scsi") + "/host2/target2:0:0/2:0:0:0/scsi_tape/nst0", "scsi_tape", "9:128", "nst0")
    host.process(9, "bacula-sd", ["/dev/nst0"])


# 2. The running system: no reason can be allowed


@used_disk(2, "the root on a partition", "mounted", "nvme0n1p2 on /", FORCED)
def _(host, _disk):
    host.mount("259:2", "/")


@used_disk(2, "the EFI system partition", "mounted", "nvme0n1p1 on /boot/efi", FORCED)
def _(host, _disk):
    host.mount("8:1", "/")
    host.mount("259:1", "/boot/efi", "vfat")


@used_disk(2, "/usr as a bind mount of a directory", "mounted", "nvme0n1p1 on /usr", FORCED)
def _(host, _disk):
    host.mount("8:1", "/")
    host.mount("259:1", "/usr", root="/system/usr")


@used_disk(2, "/var/lib/bindd on a disk of its own", "mounted", "/var/lib/bindd", FORCED)
def _(host, _disk):
    host.mount("8:1", "/")
    host.mount("259:1", "/var/lib/bindd")


@used_disk(2, "swap on a partition", "swap", "nvme0n1p2", FORCED)
def _(host, _disk):
    host.mount("8:1", "/").swap("/dev/nvme0n1p2")


@used_disk(2, "a swap file on the disk", "mounted", "nvme0n1p1 on /data", FORCED)
def _(host, _disk):
    host.mount("8:1", "/")
    host.mount("259:1", "/data").swap("/data/swapfile", "file")


@used_disk(2, "swap on LVM on the disk", "swap", "dm-0", FORCED)
def _(host, disk):
    host.virtual_block("dm-0", "254:0", f"{disk}/nvme0n1p1")
    host.mount("8:1", "/").swap("/dev/dm-0")


@used_disk(2, "the lower layer of the root's overlay", "mounted", "nvme0n1p1", FORCED)
def _(host, _disk):
    host.mount("259:1", "/run/lower", "squashfs", "/dev/nvme0n1p1")
    host.mounts.append("90 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/run/lower,upperdir=/run/up,workdir=/run/work")
    host.mount("0:51", "/proc", "proc", "proc")


@used_disk(2, "the root on LUKS on the disk", "mounted", "dm-0 above nvme0n1p2 on /", FORCED)
def _(host, disk):
    host.virtual_block("dm-0", "254:0", f"{disk}/nvme0n1p2")
    host.mount("254:0", "/")


@used_disk(2, "the root's overlay has its upper layer on the disk", "mounted", "nvme0n1p1 on /run/rw", FORCED)
def _(host, _disk):
    host.mount("259:1", "/run/rw")
    host.mounts.append("90 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/run/ro,upperdir=/run/rw/up,workdir=/run/rw/work")
    host.mount("0:51", "/proc", "proc", "proc")


@used_disk(2, "the root is an image on the disk (loop)", "mounted", "nvme0n1p1 on /run/live", FORCED)
def _(host, _disk):
    host.loop(0, "/run/live/filesystem.squashfs")
    host.mount("7:0", "/", "squashfs", "/dev/loop0")
    host.mount("259:1", "/run/live", "iso9660")


@used_disk(2, "swap on a loop device over the disk", "swap", "loop0 above nvme0n1", FORCED)
def _(host, _disk):
    host.mount("8:1", "/").loop(0, "/dev/nvme0n1")
    host.swap("/dev/loop0")


@used_disk(2, "a zvol of a pool on the disk is the root", "holder", "rpool", FORCED)
def _(host, _disk):
    host.signature("259:2", FS_TYPE="zfs_member", FS_LABEL="rpool")
    host.mount("0:27", "/", "zfs", "rpool/ROOT/debian")


@used_disk(2, "ZFS on LUKS is the root", "holder", "dm-0 is zfs_member \"rpool\"", FORCED)
def _(host, disk):
    host.virtual_block("dm-0", "254:0", f"{disk}/nvme0n1p2")
    host.signature("254:0", FS_TYPE="zfs_member", FS_LABEL="rpool").signature("259:2", FS_TYPE="crypto_LUKS")
    host.mount("0:27", "/", "zfs", "rpool/ROOT/debian")


@used_disk(2, "the root's pool beside a partition that is mounted", "holder", "nvme0n1p2 is zfs_member", FORCED)
def _(host, _disk):
    host.signature("259:2", FS_TYPE="zfs_member", FS_LABEL="rpool").mount("259:1", "/data")
    host.mount("0:27", "/", "zfs", "rpool/ROOT/debian")


@used_disk(2, "swap on a volume of a pool", "holder", "nvme0n1p2 is zfs_member", FORCED)
def _(host, _disk):
    host.signature("259:2", FS_TYPE="zfs_member", FS_LABEL="tank").mount("8:1", "/")
    host.block("/sys/devices/virtual/block/zd0", "230:0")
    host.swap("/dev/zd0")


@used_disk(2, "a btrfs root that the kernel has mounted by itself", "mounted", "nvme0n1p1 (btrfs) on /", FORCED)
def _(host, disk):
    host.link("/sys/fs/btrfs/a-b/devices/nvme0n1p1", f"{disk}/nvme0n1p1").mount("0:25", "/", "btrfs", "/dev/root", "/@")


@used_disk(2, "a btrfs root by the name of its volume", "mounted", "dm-0 (vg-root) above nvme0n1p1 (btrfs) on /", FORCED)
def _(host, disk):
    host.file(host.virtual_block("dm-0", "254:0", f"{disk}/nvme0n1p1") + "/dm/name", "vg-root")
    host.link("/sys/fs/btrfs/a-b/devices/dm-0", "/sys/devices/virtual/block/dm-0").mount("0:25", "/", "btrfs", "/dev/vg/root")


@used_disk(2, "a btrfs root in a capture without its pool", "mounted", "nvme0n1p1 (btrfs) on /", FORCED)
def _(host, _disk):
    host.mount("0:25", "/", "btrfs", "/dev/nvme0n1p1", "/@")


@used_disk(2, "the log of an XFS root", "holder", "nvme0n1p1 is a part of xfs on /", FORCED)
def _(host, _disk):
    host.mount("8:1", "/", "xfs", "/dev/sda1", options="rw,attr2,logdev=/dev/nvme0n1p1,noquota")


@used_disk(2, "the log of an XFS root, by its id", "holder", "nvme0n1p1 is a part of xfs on /", FORCED)
def _(host, _disk):
    host.link("/dev/disk/by-id/nvme-x-part1", "../../nvme0n1p1")
    host.mount("8:1", "/", "xfs", "/dev/sda1", options="rw,logdev=/dev/disk/by-id/nvme-x-part1")


@used_disk(2, "the log of an XFS root, by its id, in a capture without links", "holder", "nvme0n1p1 is a part of xfs on /", FORCED)
def _(host, _disk):
    host.file("/run/udev/data/b259:1", "S:disk/by-id/nvme-x-part1").mount("8:1", "/", "xfs", "/dev/sda1", options="rw,logdev=/dev/disk/by-id/nvme-x-part1")


@used_disk(2, "the log of an XFS root, by its volume's name", "holder", "dm-0 (vg-my--log) above nvme0n1p1", FORCED)
def _(host, disk):
    host.file(host.virtual_block("dm-0", "254:0", f"{disk}/nvme0n1p1") + "/dm/name", "vg-my--log")
    host.mount("8:1", "/", "xfs", "/dev/sda1", options="rw,logdev=/dev/vg/my-log")


@used_disk(2, "a btrfs root by its label's link, in a capture without its pool", "mounted", "nvme0n1p1 (btrfs) on /", FORCED)
def _(host, _disk):
    host.link("/dev/disk/by-label/root", "../../nvme0n1p1").mount("0:25", "/", "btrfs", "/dev/disk/by-label/root", "/@")


@row(2, "swap on a disk whose node is in a directory", "swap", "cciss!c0d0p2", FORCED)
def _(host):
    disk = host.block(host.device("raid", driver="cciss") + "/cciss0/c0d0/block/cciss!c0d0", "104:0")
    host.block(f"{disk}/cciss!c0d0p2", "104:2")
    host.file(f"{disk}/cciss!c0d0p2/partition", "2").mount("8:1", "/").swap("/dev/cciss/c0d0p2")


@used_disk(2, "the second disk of an f2fs root", "mounted", "nvme0n1p1 (f2fs) on /", FORCED)
def _(host, _disk):
    host.file("/proc/fs/f2fs/sda2/disk_map", "Disk Map for multi devices:\nDisk: 0 (zoned=0): 0x0000000000 - 0x000001ffff on /dev/sda2\n"
              "Disk: 1 (zoned=0): 0x0000020000 - 0x000003ffff on /dev/nvme0n1p1")
    host.dir("/sys/fs/f2fs/sda2").block("/sys/devices/platform/sda/sda2", "8:2")
    host.mount("8:2", "/", "f2fs", "/dev/sda2")


@used_disk(2, "swap on a partition whose node was removed", "swap", "nvme0n1p2", FORCED)
def _(host, _disk):
    host.mount("8:1", "/").swap("/dev/nvme0n1p2\\040(deleted)")


@used_disk(2, "zram that swaps writes back to it", "swap", "zram0 above nvme0n1p1", FORCED)
def _(host, _disk):
    host.file(host.virtual_block("zram0", "253:0") + "/backing_dev", "/dev/nvme0n1p1").mount("8:1", "/").swap("/dev/zram0")


# 3. A limit that creeps: what is VFIO's already counts


@row(3, "one of two NICs is bound by the rule, limit 1", "", "", "name: take, match: { class: network }, driver: vfio-pci, limit: 1", "ok")
def _(host):
    host.device("nic", driver="vfio-pci")
    host.file(f"/sys/devices/pci0000:00/{ADDRESS}/driver_override", "vfio-pci")
    host.device("nic", "0000:02:00.0")


# 4. Devices without a driver


def firmware_framebuffer(host, device, region):
    """A framebuffer of the firmware in the memory of the device (sysfb), with the text console on it."""
    platform = f"/sys/devices/platform/{device}.0"
    host.link(f"{platform}/subsystem", "/sys/bus/platform").link(f"{platform}/driver", f"/sys/bus/platform/drivers/{device}")
    host.node(f"{platform}/graphics/fb0", "graphics", "29:0", "fb0")
    host.link(f"{platform}/graphics/fb0/device", platform).file("/sys/class/vtconsole/vtcon1/name", "(M) frame buffer device")
    host.file("/sys/class/vtconsole/vtcon1/bind", "1")
    host.file("/proc/iomem", f"e0000000-efffffff : PCI Bus 0000:01\n  e0000000-e0ffffff : {ADDRESS}\n    e0000000-e03fffff : {region}")


@row(4, "the text console on efifb, the display has no driver", "console", "fb0 carries vtcon1")
def _(host):
    host.device("gpu", driver=None)
    firmware_framebuffer(host, "efi-framebuffer", "efifb")


@row(4, "simpledrm's console, a display of class 0380 without a driver", "console", "fb0 carries vtcon1")
def _(host):
    host.device("display", driver=None)
    firmware_framebuffer(host, "simple-framebuffer", "simpledrm")


@row(4, "a process maps resource0 of a device without a driver", "open-fd", "tool (pid 7)")
def _(host):
    base = host.device(driver=None)
    host.process(7, "tool", maps=[f"7f0000000000-7f0000001000 rw-s 00000000 00:15 99 {base}/resource0"])


@row(4, "a process maps resource2_wc", "open-fd", "tool (pid 7)")
def _(host):
    base = host.device(driver=None)
    host.process(7, "tool", maps=[f"7f0000000000-7f0000001000 rw-s 00000000 00:15 99 {base}/resource2_wc"])


@row(4, "DPDK has the UIO node open", "open-fd", "dpdk-testpmd (pid 7) has /dev/uio0 open")
def _(host):
    base = host.device(driver="uio_pci_generic")
    host.node(f"{base}/uio/uio0", "uio", "240:0", "uio0")
    host.process(7, "dpdk-testpmd", ["/dev/uio0"])


@row(4, "SPDK maps resource0 of an NVMe disk on no driver", "open-fd", "spdk_tgt (pid 7)")
def _(host):
    base = host.device("nvme", driver=None)
    host.process(7, "spdk_tgt", maps=[f"7f0000000000-7f0000004000 rw-s 00000000 00:15 99 {base}/resource0"])


@row(4, "a process maps the device's memory by /dev/mem", "open-fd", "flashrom (pid 7)")
def _(host):
    host.device(driver=None)
    host.process(7, "flashrom", ["/dev/mem"], ["7f0000000000-7f0000001000 rw-s e0000000 00:05 99 /dev/mem"])


# 5. Resources beside the device


@used_nic(5, "the bond above it has an address", "enslaved", "bond0")
def _(host, nic):
    bond = host.netdev("", "bond0", 9)
    host.upper(f"{nic}/net/eth0", bond, master=True)


@used_nic(5, "a port of a team", "enslaved", "team0")
def _(host, nic):
    host.upper(f"{nic}/net/eth0", host.netdev("", "team0", 9), master=True)


@used_nic(5, "a port of a bridge", "enslaved", "br0")
def _(host, nic):
    host.upper(f"{nic}/net/eth0", host.netdev("", "br0", 9), master=True)


@used_nic(5, "a port of Open vSwitch", "enslaved", "ovs-system")
def _(host, nic):
    host.upper(f"{nic}/net/eth0", host.netdev("", "ovs-system", 9), master=True)


@used_nic(5, "the default route over a VLAN over a bond", "default-route", "default via 192.0.2.1 dev bond0.7")
def _(host, nic):
    bond, vlan = host.netdev("", "bond0", 9), host.netdev("", "bond0.7", 10)
    host.upper(f"{nic}/net/eth0", bond, master=True).upper(bond, vlan)
    host.file("/proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\nbond0.7\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0")


@used_disk(5, "a volume over it and another disk, mounted", "mounted", "dm-2 above nvme0n1p1 on /data")
def _(host, disk):
    other = host.block("/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda", "8:0")
    host.virtual_block("dm-2", "254:2", f"{disk}/nvme0n1p1", other)
    host.mount("254:2", "/data")


@row(5, "the read subchannel of a qeth group with the default route", "default-route", "encf500",
     'name: take, match: { bus: css, address: "0.0.0010" }, driver: vfio_ccw')
def _(host):
    subchannel(host, "default")


@row(5, "the data subchannel of a qeth group whose interface is a port of a bridge", "enslaved", "encf500 is a port of br0",
     'name: take, match: { bus: css, address: "0.0.0012" }, driver: vfio_ccw')
def _(host):
    subchannel(host, "")
    host.upper("/sys/devices/qeth/0.0.f500/net/encf500", host.netdev("", "br0", 9), master=True)


def subchannel(host, route):
    group = "/sys/devices/qeth/0.0.f500"
    host.link(f"{group}/subsystem", "/sys/bus/ccwgroup").file(f"{group}/online", "1").netdev(group, "encf500", 3)
    for number in range(3):
        base = f"/sys/devices/css0/0.0.001{number}"
        channel = f"{base}/0.0.f50{number}"
        host.file(f"{base}/uevent", "DRIVER=io_subchannel\nST=0\nMODALIAS=css:t0").file(f"{base}/modalias", "css:t0").file(f"{base}/driver_override", "(null)")
        host.link(f"{base}/subsystem", "/sys/bus/css").link(f"/sys/bus/css/devices/0.0.001{number}", base)
        host.link(f"{base}/driver", "/sys/bus/css/drivers/io_subchannel").dir("/sys/bus/css/drivers/vfio_ccw")
        host.file(f"{channel}/uevent", "CU_TYPE=1731").link(f"{channel}/group_device", group).link(f"{group}/cdev{number}", channel)
    host.file(f"/lib/modules/6.12.1/modules.dep", "kernel/drivers/vfio_pci.ko:\nkernel/drivers/vfio_ccw.ko:")
    host.link("/sys/module/vfio_ccw/drivers/css:vfio_ccw", "/sys/bus/css/drivers/vfio_ccw").link("/sys/bus/css/drivers/vfio_ccw/module", "/sys/module/vfio_ccw")
    lines = ["Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU"]
    lines.append("encf500\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0")
    lines += ["encf500\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0"] if route else []
    host.file("/proc/net/route", "\n".join(lines))


@used_nic(5, "the bridge above its bond has the default route", "default-route", "dev br0")
def _(host, nic):
    bond, bridge = host.netdev("", "bond0", 9), host.netdev("", "br0", 10)
    host.upper(f"{nic}/net/eth0", bond, master=True).upper(bond, bridge, master=True)
    host.file("/proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\nbr0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0")


# 6. What lives through the device's driver


@row(6, "a mounted disk in the domain of a VMD", "mounted", "nvme0n1p1 on /data")
def _(host):
    vmd = host.device("raid")
    host.nvme(address="10000:01:00.0", below=f"{vmd}/pci10000:00")
    host.mount("259:1", "/data")


@row(6, "a swap partition in the domain of a VMD", "swap", "nvme0n1p2")
def _(host):
    vmd = host.device("raid")
    host.nvme(address="10000:e1:00.0", below=f"{vmd}/pci10000:e0")
    host.mount("8:1", "/").swap("/dev/nvme0n1p2")


@row(6, "a mounted disk behind a SAS controller", "mounted", "sda1 on /data")
def _(host):
    sas_disk(host)
    host.mount("8:1", "/data")


@row(6, "a mounted stick on a USB hub", "mounted", "sdb on /media")
def _(host):
    host.block(host.device("usb") + "/usb2/2-1/2-1.4/2-1.4:1.0/host7/target7:0:0/7:0:0:0/block/sdb", "8:16")
    host.mount("8:16", "/media")


@row(6, "a USB network adapter with the default route", "default-route", "default via 192.0.2.1 dev enx1")
def _(host):
    host.netdev(host.device("usb") + "/usb2/2-3/2-3:2.0", "enx1", 4)
    host.file("/proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\nenx1\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0")


@row(6, "a USB serial line that a program has open", "open-fd", "minicom (pid 9) has /dev/ttyUSB0 open")
def _(host):
    host.node(host.device("usb") + "/usb2/2-3/2-3:1.0/ttyUSB0/tty/ttyUSB0", "tty", "188:0", "ttyUSB0")
    host.process(9, "minicom", ["/dev/ttyUSB0"])


@row(6, "a virtual function's vDPA device that a VMM has open", "open-fd", "qemu (pid 9) has /dev/vhost-vdpa-0 open")
def _(host):
    host.node(host.device("nic", driver="mlx5_core") + "/vdpa0/vhost-vdpa-0", "vhost-vdpa", "235:0", "vhost-vdpa-0")
    host.process(9, "qemu", ["/dev/vhost-vdpa-0"])


@row(6, "the render node of a GPU that a program maps", "open-fd", "blender (pid 9)")
def _(host):
    host.node(host.device("gpu", driver="amdgpu") + "/drm/renderD128", "drm", "226:128", "dri/renderD128")
    host.process(9, "blender", maps=["7f0000000000-7f0000001000 rw-s 00000000 00:05 99 /dev/dri/renderD128"])


@row(6, "a camera whose node was replaced", "open-fd", "cheese (pid 9)")
def _(host):
    host.node(host.device("usb") + "/usb1/1-1/1-1:1.0/video4linux/video0", "video4linux", "81:0", "video0")
    host.process(9, "cheese", ["/dev/video0 (deleted)"])


@row(6, "memory of the host", "holder", "System RAM (virtio_mem) of virtio3", FORCED)
def _(host):
    base = host.device(driver="virtio-pci") + "/virtio3"
    host.file(f"{base}/modalias", "virtio:d00000018v00001AF4").link(f"{base}/driver", "/sys/bus/virtio/drivers/virtio_mem")
    host.file("/proc/iomem", "100000000-13fffffff : System RAM\n140000000-33fffffff : virtio3\n  140000000-1bfffffff : System RAM (virtio_mem)")


def part_of(words, verdict, code, evidence, cls, name, attribute, value):
    @row(6, words, code, evidence, TAKE, verdict)
    def _(host):
        path = f"{host.device(driver='native')}/{cls}/{name}"
        host.file(f"{path}/{attribute}", value).link(f"/sys/class/{cls}/{name}", path)


part_of("a channel of a DMA engine that the kernel uses", "refused", "holder", "in_use of dma0chan0 is 1", "dma", "dma0chan0", "in_use", "1")
part_of("an idle channel of a DMA engine", "change", "", "", "dma", "dma0chan0", "in_use", "0")
part_of("a watchdog that runs", "refused", "holder", "state of watchdog0 is active", "watchdog", "watchdog0", "state", "active")
part_of("a watchdog that was never started", "change", "", "", "watchdog", "watchdog0", "state", "inactive")


@row(6, "a USB device that usbip serves", "holder", "usbip_status of 1-2 is 2")
def _(host):
    path = host.device("usb") + "/usb1/1-2"
    host.file(f"{path}/usbip_status", "2").link("/sys/bus/usb/devices/1-2", path)


@row(6, "a PF whose VF is VFIO's", "vfs-in-use", "")
def _(host):
    pf = host.device("nic")
    vf = host.device("nic", "0000:01:10.0", "vfio-pci")
    host.link(f"{vf}/physfn", pf).link(f"{pf}/virtfn0", vf)
    for name, text in (("totalvfs", "8"), ("numvfs", "1"), ("offset", "128"), ("stride", "1"), ("drivers_autoprobe", "1")):
        host.file(f"{pf}/sriov_{name}", text)


@row(6, "a parent with a running mdev that nobody has open", "holder", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001")
def _(host):
    mdev_of(host, host.device("gpu", driver="i915"))


@row(6, "a parent whose mdev's group is open", "vfio-open", "qemu (pid 7)")
def _(host):
    mdev = mdev_of(host, host.device("gpu", driver="i915"))
    host.link(f"{mdev}/iommu_group", "/sys/kernel/iommu_groups/40")
    host.file("/sys/devices/virtual/vfio/40/dev", "511:40").link("/sys/class/vfio/40", "/sys/devices/virtual/vfio/40")
    host.process(7, "qemu", ["/dev/vfio/40"])


def mdev_of(host, parent):
    uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
    kind = f"{parent}/mdev_supported_types/i915-GVTg_V5_4"
    host.file(f"{kind}/available_instances", "1").file(f"{kind}/device_api", "vfio-pci").link("/sys/class/mdev_bus/" + ADDRESS, parent)
    mdev = f"{parent}/{uuid}"
    host.file(f"{mdev}/uevent", "DRIVER=vfio_mdev").link(f"{mdev}/mdev_type", kind).link(f"{mdev}/subsystem", "/sys/bus/mdev")
    host.link(f"/sys/bus/mdev/devices/{uuid}", mdev).link(f"{mdev}/driver", "/sys/bus/mdev/drivers/vfio_mdev")
    return mdev


@row(6, "a supplier of the controller that has the root disk", "mounted", "sda on /", FORCED)
def _(host):
    device_link(host, "active")


@row(6, "a supplier by a link that is not managed", "", "", TAKE, "change")
def _(host):
    device_link(host, "not tracked")


def device_link(host, status):
    """Thunderbolt's host interface supplies the xHCI: tb_acpi_add_link()."""
    supplier = host.device("usb", ADDRESS, "thunderbolt")
    consumer = host.device("usb", "0000:00:0d.0")
    link = "/sys/devices/virtual/devlink/pci:0000:01:00.0--pci:0000:00:0d.0"
    host.file(f"{link}/status", status).file(f"{link}/sync_state_only", "0").link(f"{link}/consumer", consumer)
    host.link(f"{supplier}/consumer:pci:0000:00:0d.0", link)
    host.block(f"{consumer}/usb1/1-1/1-1:1.0/host0/target0:0:0/0:0:0:0/block/sda", "8:0")
    host.mount("8:0", "/", source="/dev/sda")


@row(6, "memory of the host on a CXL expander", "holder", "System RAM (kmem) of dax0.0", FORCED)
def _(host):
    memory = host.device(driver="cxl_pci") + "/mem0"
    host.file(f"{memory}/dev", "250:0").link(f"{memory}/subsystem", "/sys/bus/cxl").link("/sys/bus/cxl/devices/mem0", memory)
    root = "/sys/devices/platform/ACPI0017:00/root0"
    host.link(f"{root}/port1/endpoint2/uport", memory).link("/sys/bus/cxl/devices/endpoint2", f"{root}/port1/endpoint2")
    region = f"{root}/decoder0.0/region0"
    host.file(f"{region}/target0", "decoder2.0").link("/sys/bus/cxl/devices/region0", region)
    host.file(f"{region}/dax_region0/dax0.0/modalias", "dax:t0").link(f"{region}/dax_region0/dax0.0/driver", "/sys/bus/dax/drivers/kmem")
    host.file("/proc/iomem", "1050000000-604fffffff : CXL Window 0\n  1050000000-504fffffff : region0\n    1050000000-504fffffff : dax0.0\n"
              "      1050000000-504fffffff : System RAM (kmem)")


def persistent_memory(words, verdict, code, evidence, provider, number):
    @row(6, words, code, evidence, FORCED if code else TAKE, verdict)
    def _(host):
        memory = host.device(driver="cxl_pci") + "/mem0"
        host.file(f"{memory}/dev", "250:0").link(f"{memory}/subsystem", "/sys/bus/cxl").link("/sys/bus/cxl/devices/mem0", memory)
        bus = "/sys/devices/platform/ACPI0017:00/root0/nvdimm-bridge0/ndbus1"
        host.link("/sys/bus/nd/devices/nmem0", f"{bus}/nmem0").file(f"{bus}/nmem0/uevent")
        if provider:
            host.file(f"{bus}/nmem0/cxl/provider", provider)
        host.link("/sys/bus/nd/devices/region0", f"{bus}/region0").file(f"{bus}/region0/mapping0", "nmem0,0,268435456,0")
        host.block(f"{bus}/region0/namespace0.0/block/pmem0", "259:9")
        host.mount(number, "/")


persistent_memory("the root on persistent memory of CXL", "refused", "mounted", "pmem0 on /", "pmem0", "259:9")
persistent_memory("the same before Linux 6.5", "refused", "mounted", "pmem0 on /", "", "259:9")
persistent_memory("persistent memory of another CXL device", "change", "", "", "pmem1", "259:9")


def crypto(words, verdict, code, evidence, references):
    @row(6, words, code, evidence, TAKE, verdict)
    def _(host):
        host.device(driver="4xxx")
        host.link("/sys/bus/pci/drivers/4xxx/module", "/sys/module/qat_4xxx").link("/sys/module/intel_qat/holders/qat_4xxx", "/sys/module/qat_4xxx")
        host.dir("/sys/module/qat_4xxx")
        host.file("/proc/crypto", f"name         : xts(aes)\ndriver       : qat_aes_xts\nmodule       : intel_qat\nrefcnt       : {references}\n")


crypto("an algorithm of it that the kernel uses", "refused", "holder", "qat_aes_xts (2 users)", 3)
crypto("an algorithm of it that nobody uses", "change", "", "", 1)
part_of("a USB controller that plays a device", "refused", "holder", "function of dwc3.1.auto is g1", "udc", "dwc3.1.auto", "function", "g1")
part_of("a USB controller that could play one", "change", "", "", "udc", "dwc3.1.auto", "function", "")


@row(6, "a MIDI port that the sequencer has open for a program", "open-fd", "timidity (pid 77) has card1/midi0 open")
def _(host):
    base = host.device()
    host.node(f"{base}/sound/card1/midiC1D0", "sound", "116:10", "snd/midiC1D0")
    host.process(77, "timidity", ["/dev/snd/seq"])
    host.file("/proc/asound/card1/midi0", "USB MIDI\n\nOutput 0\n  Tx bytes     : 0\n  Owner PID    : 77\n  Mode         : native\nInput 0\n  Rx bytes     : 0")


@row(6, "a Bluetooth device is connected", "holder", "hci0:256")
def _(host):
    adapter = host.device("usb") + "/usb1/1-2/1-2:1.0/bluetooth/hci0"
    host.link("/sys/class/bluetooth/hci0", adapter).link("/sys/class/bluetooth/hci0:256", f"{adapter}/hci0:256")


@row(6, "a work queue with clients", "holder", "clients of wq1.0 is 4")
def _(host):
    queue = host.device(driver="idxd") + "/iax1/wq1.0"
    host.file(f"{queue}/clients", "4").link("/sys/bus/dsa/devices/wq1.0", queue)


@row(6, "an open node of a multipath head", "open-fd", "/dev/ng0n1")
def _(host):
    disk = host.device("nvme")
    host.file(f"{disk}/nvme/nvme0/nvme0c0n1/hidden", "1").link("/sys/class/block/nvme0c0n1", f"{disk}/nvme/nvme0/nvme0c0n1")
    subsystem = "/sys/devices/virtual/nvme-subsystem/nvme-subsys0"
    host.block(f"{subsystem}/nvme0n1", "259:0")
    host.node(f"{subsystem}/ng0n1", "nvme-generic", "234:0", "ng0n1")
    host.process(9, "qemu", ["/dev/ng0n1"])


@row(6, "the PSP while guests are encrypted", "open-fd", "qemu (pid 9) has /dev/sev open")
def _(host):
    host.device(driver="ccp")
    host.node("/sys/devices/virtual/misc/sev", "misc", "10:124", "sev")
    host.process(9, "qemu", ["/dev/sev"])


@row(6, "a BMC with the kernel's watchdog", "holder", "ipmi0")
def _(host):
    host.node(host.device(driver="ipmi_si") + "/ipmi/ipmi0", "ipmi", "242:0", "ipmi0")
    host.file("/sys/module/ipmi_watchdog/refcnt", "1")


@row(6, "jffs2 on its flash memory", "mounted", "mtd0 on /srv/flash")
def _(host):
    host.node(host.device(driver="native") + "/mtd/mtd0", "mtd", "90:0", "mtd0")
    host.mount("31:0", "/srv/flash", fs="jffs2", source="mtd0")


@row(6, "UBI on its flash memory", "holder", "ubi0 on mtd1")
def _(host):
    host.node(host.device(driver="native") + "/mtd/mtd1", "mtd", "90:2", "mtd1")
    host.file("/sys/devices/virtual/ubi/ubi0/mtd_num", "1").link("/sys/class/ubi/ubi0", "/sys/devices/virtual/ubi/ubi0")


@row(14, "memory that it lends, mapped", "open-fd", "0000:01:00.0/p2pmem/allocate")
def _(host):
    host.nvme()
    host.process(9, "fio", maps=[f"7f0000000000-7f0000080000 rw-s 00000000 00:16 991 /sys/devices/pci0000:00/{ADDRESS}/p2pmem/allocate"])


@row(8, "the kernel's debugger", "console", "kgdboc on ttyS4")
def _(host):
    host.node(host.device(driver="serial") + "/0000:01:00.0:0/0000:01:00.0:0.0/tty/ttyS4", "tty", "4:68", "ttyS4")
    host.file("/sys/module/kgdboc/parameters/kgdboc", "ttyS4")


def port(words, build_target):
    @row(1, words, "holder", "serves disks")
    def _(host):
        adapter = host.device("scsi", driver="qla2xxx") + "/host3/fc_host/host3"
        host.file(f"{adapter}/port_name", "0x21000024ff3dc4b2").link("/sys/class/fc_host/host3", adapter)
        build_target(host)


port("a Fibre Channel port that LIO serves disks through", lambda host: host.file(
    f"{CONFIG}/target/qla2xxx/21:00:00:24:ff:3d:c4:b2/tpgt_1/enable", "1").dir(f"{CONFIG}/target/qla2xxx/21:00:00:24:ff:3d:c4:b2/tpgt_1/lun/lun_0"))
port("a Fibre Channel port of nvmet", lambda host: host.file(
    f"{CONFIG}/nvmet/ports/1/addr_traddr", "nn-0x20000024ff3dc4b2:pn-0x21000024ff3dc4b2").dir(f"{CONFIG}/nvmet/ports/1/subsystems/nqn.x"))


def two_uses(words, code, evidence, rule, **signature):
    @row(1, words, code, evidence, rule)
    def _(host):
        host.nvme()
        host.mount("259:1", "/srv", source="/dev/nvme0n1p1")
        host.signature("259:2", **signature)
        host.file("/proc/spl/kstat/zfs/tank/io", "x")


two_uses("a mounted partition beside one of a pool", "holder", "nvme0n1p2 is zfs_member", TAKE.replace("[signature]", "[mounted]"),
         FS_TYPE="zfs_member", FS_USAGE="filesystem", FS_LABEL="tank")
two_uses("a mounted partition beside a volume group's", "holder", "nvme0n1p2 is LVM2_member", TAKE.replace("[signature]", "[mounted]"),
         FS_TYPE="LVM2_member", FS_USAGE="raid")


@used_disk(2, "/var is a link to another disk", "mounted", "nvme0n1p1 on /data", FORCED)
def _(host, _disk):
    host.mount("259:1", "/data").dir("/data/var/lib/bindd").link("/var", "/data/var")


# 7. Interfaces that hang on a NIC out of sight


def bound_session(words, build_session):
    @row(7, words, "session", "by eth0", FORCED)
    def _(host):
        host.nic()
        disk = build_session(host)
        host.block(disk, "8:16")
        host.mount("8:16", "/", source="/dev/sdb")


def nvme_tcp(host):
    controller = "/sys/devices/virtual/nvme-fabrics/ctl/nvme0"
    host.file(f"{controller}/transport", "tcp").file(f"{controller}/address", "traddr=192.0.2.9,trsvcid=4420,host_iface=eth0")
    host.link("/sys/class/nvme/nvme0", controller)
    return f"{controller}/sdb"


def iscsi(host):
    adapter = "/sys/devices/platform/host7"
    host.file(f"{adapter}/iscsi_host/host7/netdev", "eth0").link("/sys/class/iscsi_host/host7", f"{adapter}/iscsi_host/host7")
    connection = f"{adapter}/session1/connection1:0/iscsi_connection/connection1:0"
    host.file(f"{connection}/address", "192.0.2.9").link("/sys/class/iscsi_connection/connection1:0", connection)
    return f"{adapter}/session1/target7:0:0/7:0:0:0/block/sdb"


bound_session("the root over NVMe/TCP that is bound to it", nvme_tcp)
bound_session("the root over iSCSI that is bound to it", iscsi)


@used_nic(7, "a macvlan on it", "enslaved", "macvlan0")
def _(host, nic):
    host.upper(f"{nic}/net/eth0", host.netdev("", "macvlan0", 9))


@used_nic(7, "an ipvtap on it", "enslaved", "ipvtap0")
def _(host, nic):
    host.upper(f"{nic}/net/eth0", host.netdev("", "ipvtap0", 9))


@used_nic(7, "a PPPoE session over a VLAN on it", "enslaved", "PPPoE session")
def _(host, nic):
    host.upper(f"{nic}/net/eth0", host.netdev("", "eth0.7", 9))
    host.file("/proc/net/pppoe", "Id       Address              Device\n00000012 52:54:00:12:34:56     eth0.7")


@used_nic(7, "an L2TP tunnel by its route", "enslaved", "the L2TP tunnel 7 to 192.0.2.9 goes through eth0")
def _(host, _nic):
    host.file("/sys/kernel/debug/l2tp/tunnels", "TUNNEL ID, SESSION ID\nTUNNEL 7 peer 9 from 192.0.2.1 to 192.0.2.9\n L2TPv3, UDP")
    on_route(host)


@used_nic(7, "a packet socket on it", "open-fd", "dhcpd (pid 7) has a packet socket on eth0")
def _(host, _nic):
    host.file("/proc/net/packet", "sk RefCnt Type Proto Iface R Rmem User Inode\n0000000000000000 3 3 0800 2 1 0 0 4711")
    host.process(7, "dhcpd", ["socket:[4711]"])


@used_nic(7, "an RDMA device in software on it", "enslaved", "rxe0")
def _(host, _nic):
    host.file("/sys/class/infiniband/rxe0/ports/1/gid_attrs/ndevs/0", "eth0")


@used_nic(7, "an iSCSI session by its route", "session", "192.0.2.5 by eth0")
def _(host, _nic):
    host.file("/sys/class/iscsi_connection/connection1:0/address", "192.0.2.5")
    on_route(host)


@used_nic(7, "NVMe over TCP by its route", "session", "nvme3 (tcp) to 192.0.2.9 by eth0")
def _(host, _nic):
    host.file("/sys/class/nvme/nvme3/transport", "tcp").file("/sys/class/nvme/nvme3/address", "traddr=192.0.2.9,trsvcid=4420")
    on_route(host)


@used_nic(7, "NVMe over RDMA by its route", "session", "nvme3 (rdma) to 192.0.2.9 by eth0")
def _(host, _nic):
    host.file("/sys/class/nvme/nvme3/transport", "rdma").file("/sys/class/nvme/nvme3/address", "traddr=192.0.2.9,trsvcid=4420")
    on_route(host)


@used_nic(7, "the root on NFS by its route", "session", "192.0.2.9 by eth0", FORCED)
def _(host, _nic):
    host.mounts.append("30 1 0:40 / / rw - nfs4 192.0.2.9:/root rw,vers=4.2,addr=192.0.2.9")
    host.mount("0:51", "/proc", "proc", "proc")
    on_route(host)


def on_route(host):
    host.file("/proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\neth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0")


@used_nic(7, "a file system over SMB by its route", "session", "192.0.2.9 by eth0")
def _(host, _nic):
    host.mount("0:44", "/srv", "cifs", "//files/x", options="rw,addr=192.0.2.9")
    on_route(host)


@used_nic(7, "an iSCSI session by its IPv6 route", "session", "2001:db8::5 by eth0")
def _(host, _nic):
    host.file("/sys/class/iscsi_connection/connection1:0/address", "2001:db8::5")
    host.file("/proc/net/ipv6_route", f"20010db8{24 * '0'} 40 {32 * '0'} 00 {32 * '0'} 00000100 00000001 00000000 00000001 eth0")


@used_nic(7, "AoE is the root, by its interface", "session", "etherd!e1.1 to its server by eth0", FORCED)
def _(host, _nic):
    host.file(host.virtual_block("etherd!e1.1", "152:0") + "/netif", "eth0").mount("152:0", "/")


@used_nic(7, "FCoE over a VLAN is the root", "session", "FCoE to its target by eth0.7", FORCED)
def _(host, nic):
    vlan = host.netdev("", "eth0.7", 9)
    host.upper(f"{nic}/net/eth0", vlan).block(f"{vlan}/ctlr_0/host7/rport-7:0-0/target7:0:0/7:0:0:0/block/sdb", "8:16")
    host.mount("8:16", "/")


@row(7, "NVMe over Fibre Channel through its adapter", "session", "nvme3 (fc) through host2")
def _(host):
    adapter = host.device("scsi", driver="lpfc") + "/host2/fc_host/host2"
    host.file(f"{adapter}/port_name", "0x10000090fae0b5f5").link("/sys/class/fc_host/host2", adapter)
    host.file("/sys/class/nvme/nvme3/transport", "fc")
    host.file("/sys/class/nvme/nvme3/address", "traddr=nn-0x2004:pn-0x2005,host_traddr=nn-0x20000090fae0b5f5:pn-0x10000090fae0b5f5")


@used_nic(7, "netconsole sends to it, through a bond", "console", "netconsole t1 sends to bond0")
def _(host, nic):
    host.upper(f"{nic}/net/eth0", host.netdev("", "bond0", 9), master=True)
    host.file(f"{CONFIG}/netconsole/t1/enabled", "1").file(f"{CONFIG}/netconsole/t1/dev_name", "bond0")


def remote(kind, source, target):
    @used_nic(7, f"{kind} on {target}, by its route", "session", "192.0.2.9 by eth0", FORCED)
    def _(host, _nic):
        host.file("/proc/net/route", "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\neth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0")
        host.mount("8:1", "/")
        host.mount("0:60", target, kind, source)


remote("lustre", "192.0.2.9@tcp:192.0.2.10@tcp:/fs", "/usr")
remote("fuse.glusterfs", "192.0.2.9:/volume", "/var")
remote("fuse.sshfs", "user@192.0.2.9:/home", "/etc")


@used_nic(7, "multicast packets are routed by it", "enslaved", "multicast packets are routed by eth0")
def _(host, _nic):
    host.file("/proc/net/ip_mr_vif", "Interface      BytesIn  PktsIn  BytesOut PktsOut Flags Local    Remote\n 0 eth0              0       0         0       0 00000 0102A8C0 00000000")


@used_nic(7, "a CAN socket", "open-fd", "a CAN receiver (raw) on eth0")
def _(host, _nic):
    host.file("/proc/net/can/rcvlist_all", "\nreceive list 'rx_all':\n  device   can_id   can_mask  function  userdata   matches  ident\n"
              "   eth0     000    00000000  0000000000000000  0000000000000000         0  raw\n  (vcan0: no entry)")


@used_nic(7, "an RDMA device in software that names its parent", "enslaved", "rxe0 is made on eth0")
def _(host, _nic):
    host.file("/sys/class/infiniband/rxe0/parent", "eth0").dir("/sys/class/infiniband/rxe0/ports/1")


@used_nic(7, "an IPv6 address", "addressed", "2001:db8::1/64 on eth0")
def _(host, _nic):
    host.file("/proc/net/if_inet6", f"20010db8{23 * '0'}1 02 40 00 80     eth0")


@used_nic(7, "a network that it leads to", "addressed", "192.0.2.0/24 on eth0")
def _(host, _nic):
    on_route(host)


@row(7, "an interface that is up alone", "", "", TAKE, "change")
def _(host):
    host.nic()
    host.file("/proc/net/if_inet6", f"fe80{20 * '0'}5054ff01 02 40 20 80     eth0")
    host.file("/proc/net/ipv6_route", "\n".join(f"{to}{28 * '0'} {bits} {32 * '0'} 00 {32 * '0'} 00000100 00000001 00000000 00000001 {name}"
                                               for to, bits, name in (("fe80", "40", "eth0"), ("ff00", "08", "eth0"), ("0000", "00", "lo"))))


@row(7, "its interface is in a namespace that is not seen", "unknown-use", "network namespace")
def _(host):
    host.dir(host.device("nic") + "/virtio0/net")


# 8. Input and console


@row(8, "the last keyboard, behind a hub", "input", "keyboard")
def _(host):
    keyboard(host, host.device("usb"))


@row(8, "a display of class 0380 shows a picture", "console", "card0")
def _(host):
    base = host.device("display")
    host.node(f"{base}/drm/card0", "drm", "226:0", "dri/card0")
    for name, text in (("status", "connected"), ("enabled", "enabled"), ("dpms", "On")):
        host.file(f"{base}/drm/card0/card0-VGA-1/{name}", text)


@row(8, "a program draws on simpledrm's card", "console", "Xorg (pid 9) is the master of card0")
def _(host):
    host.device("display", driver=None)
    firmware_framebuffer(host, "simple-framebuffer", "simpledrm")
    card = host.node("/sys/devices/platform/simple-framebuffer.0/drm/card0", "drm", "226:0", "dri/card0")
    host.link(f"{card}/device", "/sys/devices/platform/simple-framebuffer.0")
    host.file("/sys/kernel/debug/dri/0/clients", "Xorg 9 0 y y 0 0").process(9, "Xorg", ["/dev/dri/card0"])


@row(8, "simpledrm's card alone, a kernel without VT and framebuffers", "console", "card0 is in its memory")
def _(host):
    host.device("display", driver=None)
    platform = "/sys/devices/platform/simple-framebuffer.0"
    card = host.link(f"{platform}/subsystem", "/sys/bus/platform").node(f"{platform}/drm/card0", "drm", "226:0", "dri/card0")
    host.link(f"{card}/device", platform).file("/proc/iomem", f"e0000000-e0ffffff : {ADDRESS}\n  e0000000-e03fffff : simpledrm")


@row(8, "the last keyboard, of a laptop, without a hub", "input", "keyboard")
def _(host):
    keyboard(host, host.device("usb"), "1-3/1-3:1.0")


def keyboard(host, usb, port="1-1/1-1.2/1-1.2:1.0"):
    base = f"{usb}/usb1/{port}/0003:046D:C31C.0001/input/input5"
    host.file("/proc/bus/input/devices", "\n".join([
        "I: Bus=0003 Vendor=046d Product=c31c Version=0110", 'N: Name="Logitech Keyboard"', "P: Phys=usb-0000:01:00.0-1.2/input0",
        f"S: Sysfs={base.removeprefix('/sys')}", "H: Handlers=sysrq kbd event3 leds", "B: EV=120013",
        "B: KEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe", ""]))
    host.node(f"{base}/event3", "input", "13:67", "input/event3")


@row(8, "the last keyboard, of Bluetooth", "input", "Keyboard K380")
def _(host):
    adapter = host.device("usb") + "/usb1/1-7/1-7:1.0/bluetooth/hci0"
    host.dir(adapter).link("/sys/class/bluetooth/hci0", adapter)
    host.file("/proc/bus/input/devices", "\n".join([
        "I: Bus=0005 Vendor=046d Product=b342 Version=0012", 'N: Name="Keyboard K380"', "P: Phys=00:11:22:33:44:55",
        "S: Sysfs=/devices/virtual/misc/uhid/0005:046D:B342.0007/input/input20", "B: EV=120013",
        "B: KEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe", ""]))


@row(8, "a keyboard elsewhere stays", "", "", TAKE, "change")
def _(host):
    for base, number in ((host.device("usb") + "/usb1/1-1/1-1:1.0/0003:413C:2107.0001", 7), ("/sys/devices/platform/i8042/serio0", 0)):
        path = f"{base}/input/input{number}"
        host.file(f"{path}/capabilities/key", "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe")
        host.file(f"{path}/name", "Keyboard").link(f"/sys/class/input/input{number}", path)


def hypervisor_console(host, port_name):
    base = host.device(driver="virtio-pci") + "/virtio2"
    host.node(f"{base}/virtio-ports/vport2p0", "virtio-ports", "244:1", "vport2p0")
    host.file(f"{base}/virtio-ports/vport2p0/name", port_name)
    host.node("/sys/devices/virtual/tty/hvc0", "tty", "229:0", "hvc0")
    host.file("/proc/consoles", "hvc0                 -W- (EC p  )  229:0")


@row(8, "the kernel's console on a mainframe's terminal", "console", "ttyS0 by 0.0.0009", 'name: take, match: { bus: css, address: "0.0.0010" }, driver: vfio_ccw')
def _(host):
    terminal(host, "3215")
    host.file("/proc/consoles", "ttyS0                -W- (EC p  )    4:64")


@row(8, "a mainframe's terminal that is no console", "", "", 'name: take, match: { bus: css, address: "0.0.0010" }, driver: vfio_ccw', "change")
def _(host):
    terminal(host, "3270")
    host.file("/proc/consoles", "ttyS0                -W- (EC p  )    4:64")


def terminal(host, driver):
    subchannel(host, "")
    channel = "/sys/devices/css0/0.0.0010/0.0.0009"
    (host.root / "sys/devices/css0/0.0.0010/0.0.f500/group_device").unlink()
    (host.root / "sys/devices/qeth/0.0.f500/cdev0").unlink()
    host.file(f"{channel}/modalias", "ccw:t3215m00").link(f"{channel}/driver", f"/sys/bus/ccw/drivers/{driver}").link("/sys/bus/ccw/devices/0.0.0009", channel)


@row(8, "the kernel's console on a hypervisor's port", "console", "console on hvc0")
def _(host):
    hypervisor_console(host, "(null)")


@row(8, "a hypervisor's port that is no console", "", "", TAKE, "change")
def _(host):
    hypervisor_console(host, "org.qemu.guest_agent.0")


@row(8, "a firmware's framebuffer of no owner, a kernel without boot_vga", "console", "fb0 carries vtcon1")
def _(host):
    host.device("display", driver=None)
    firmware_framebuffer(host, "simple-framebuffer", "simpledrm")
    host.file("/proc/iomem", "00000000-00000fff : Reserved")


@row(8, "the framebuffer is another display's", "", "", TAKE, "change")
def _(host):
    host.device("gpu", driver=None)
    firmware_framebuffer(host, "efi-framebuffer", "efifb")
    host.file("/proc/iomem", "e0000000-efffffff : PCI Bus 0000:02\n  e0000000-e0ffffff : 0000:02:00.0\n    e0000000-e03fffff : efifb")


# 9. group: whole and bridges of header type 0


@row(9, "an unbound ISA bridge in the group is left alone", "", "", TAKE + ", group: whole", "change")
def _(host):
    host.device(driver="edu", group=7)
    host.device("isa_bridge", "0000:01:00.1", None, 7)


@row(9, "an unbound host bridge in the group is left alone", "", "", TAKE + ", group: whole", "change")
def _(host):
    host.device(driver="edu", group=7)
    host.device("host_bridge", "0000:01:00.1", None, 7)


# 10. Devices that are dead or lost


def dead(words, evidence, **attributes):
    @row(10, words, "dead-device", evidence)
    def _(host):
        base = host.device("nic")
        for name, text in {"power_state": "D0", "power/runtime_status": "active", **attributes}.items():
            host.file(f"{base}/{name}", text)


dead("configuration space of all ones", "all ones", config=b"\xff" * 64)
dead("63 lanes", "all ones", current_link_width="63", max_link_width="8")
dead("its link is down", "link is down", current_link_width="0", max_link_width="8")
dead("D3cold while active", "D3cold", power_state="D3cold")
dead("power_state unknown on a driver", "unknown", power_state="unknown")
dead("fatal AER errors", "2 fatal PCIe errors", current_link_width="4", max_link_width="8", aer_dev_fatal="Undefined 0\nTOTAL_ERR_FATAL 2")


dead("D3cold, and never suspended", "D3cold while its runtime status is unsupported", power_state="D3cold", **{"power/runtime_status": "unsupported"})
dead("all ones after a resume that failed", "all ones", config=b"\xff" * 64, **{"power/runtime_status": "error"})


@row(10, "suspended to D3cold", "", "", TAKE, "change")
def _(host):
    base = host.device()
    host.file(f"{base}/power_state", "D3cold").file(f"{base}/power/runtime_status", "suspended").file(f"{base}/config", b"\xff" * 64)


# 11. Firmware-held memory


@row(11, "a direct region (RMRR)", "firmware-memory", "0x0000000000000000-0x0000000000ffffff")
def _(host):
    base = host.device(driver="edu")
    host.file(f"{base}/iommu_group/reserved_regions", "0x0000000000000000 0x0000000000ffffff direct\n0x00000000fee00000 0x00000000feefffff msi")


@row(11, "relaxable and MSI regions alone", "", "", TAKE, "change")
def _(host):
    base = host.device(driver="edu")
    host.file(f"{base}/iommu_group/reserved_regions", "0x0000000000000000 0x0000000000ffffff direct-relaxable\n0x00000000fee00000 0x00000000feefffff msi")


# 13. Looks that fail


@used_disk(13, "nvmet is in use, its configuration is not mounted", "unknown-use", "nvmet is in use")
def _(host, _disk):
    host.file("/sys/module/nvmet/refcnt", "2")


@used_disk(13, "LIO is in use, its configuration is not mounted", "unknown-use", "target")
def _(host, _disk):
    host.file("/sys/module/target_core_mod/refcnt", "3")


@used_disk(13, "the maps of a process cannot be read", "unknown-use", "7")
def _(host, _disk):
    host.process(7, "tool")
    (host.root / "proc/7/maps").unlink()
    host.dir("/proc/7/maps")


def unreadable(words, evidence, path, kind="nvme"):
    """A table that cannot be read."""

    @row(13, words, "unknown-use", evidence)
    def _(host):
        host.nvme() if kind == "nvme" else host.nic() if kind == "nic" else host.device(kind)
        host.dir(path)


unreadable("the table of mounts", "mountinfo", "/proc/1/mountinfo")
unreadable("the areas of swap", "swaps", "/proc/swaps")
unreadable("what udev has recorded of a partition", "b259:1", "/run/udev/data/b259:1")
unreadable("the routes", "route", "/proc/net/route", "nic")
unreadable("the IPv6 routes", "ipv6_route", "/proc/net/ipv6_route", "nic")
unreadable("the IPv6 addresses", "if_inet6", "/proc/net/if_inet6", "nic")
unreadable("the tunnels of L2TP", "L2TP", "/sys/kernel/debug/l2tp/tunnels", "nic")
unreadable("the reserved regions of its group", "reserved_regions", "/sys/kernel/iommu_groups/1/reserved_regions", "edu")
unreadable("the kernel's consoles", "consoles", "/proc/consoles")
unreadable("the keyboards", "devices", "/proc/bus/input/devices", "usb")
unreadable("the map of memory", "iomem", "/proc/iomem", "edu")
unreadable("the transport of an NVMe controller", "transport", "/sys/class/nvme/nvme3/transport", "nic")
unreadable("the server of an iSCSI session", "address", "/sys/class/iscsi_connection/connection1:0/address", "nic")
unreadable("whether netconsole sends", "enabled", f"{CONFIG}/netconsole/t1/enabled", "nic")
unreadable("whether LIO is in use", "target_core_mod", "/sys/module/target_core_mod/refcnt")


# 14. Mappings without descriptors


@row(14, "a mapped cdev, nothing open", "vfio-open", "qemu (pid 7)", "name: none, match: { address: \"0000:01:00.0\" }, driver: host")
def _(host):
    base = on_vfio(host)
    host.process(7, "qemu", maps=["7f0000000000-7f0000001000 rw-s 00000000 00:05 99 /dev/vfio/devices/vfio0"])
    host.node(f"{base}/vfio-dev/vfio0", "vfio-dev", "511:0", "vfio/devices/vfio0")


@row(14, "an anonymous mapping of a device whose group was closed", "vfio-open", "qemu (pid 7)", "name: none, match: { address: \"0000:01:00.0\" }, driver: host")
def _(host):
    on_vfio(host)
    host.process(7, "qemu", maps=["7f0000000000-7f0000001000 rw-s 00000000 00:0d 99 anon_inode:[vfio-device]"])


def on_vfio(host):
    base = host.device("nic", driver="vfio-pci", group=5)
    host.file(f"{base}/driver_override", "vfio-pci").node("/sys/devices/virtual/vfio/5", "vfio", "510:5", "vfio/5")
    return base


# 15. VFs that cannot be, or already are


def pf_of(host, driver="ixgbe"):
    base = host.device("nic", driver=driver)
    for name, text in (("totalvfs", "8"), ("numvfs", "0"), ("offset", "128"), ("stride", "1"), ("drivers_autoprobe", "1")):
        host.file(f"{base}/sriov_{name}", text)
    return base


VFS = TAKE + ", sriov: { vfs: 4 }"


@row(15, "vfio-pci, which makes no VFs here", "driver-denies", "", VFS)
def _(host):
    pf_of(host)


@row(15, "pci-stub, which makes none", "driver-denies", "", VFS.replace("vfio-pci", "pci-stub"))
def _(host):
    pf_of(host)
    host.dir("/sys/bus/pci/drivers/pci-stub/").file("/sys/module/pci_stub/initstate", "live")
    host.link("/sys/module/pci_stub/drivers/pci:pci-stub", "/sys/bus/pci/drivers/pci-stub")


@row(15, "a device where a new VF would come", "driver-denies", "0000:01:10.0", VFS.replace("driver: vfio-pci", "driver: host"))
def _(host):
    pf_of(host)
    host.device("nic", "0000:01:10.0", None)


# 12. Import: (words, lines of a file of modprobe's, what is taken over, what is named)

IMPORTS = [
    ("a list with blanks, quoted, module with _", 'options vfio_pci ids="10de:1b80, 10de:10f0" disable_vga=1', '"10f0"', "disable_vga=1"),
    ("a continued line joins without a blank", "options vfio-pci ids=10de:\\\n1b80", '"1b80"', ""),
    ("of several ids= the last counts", "options vfio-pci ids=1:2\noptions vfio-pci ids=10de:10f0", '"10f0"', "'vfio-pci ids=1:2' is overwritten"),
    ("softdep", "softdep drm pre: vfio-pci", "", "orders modules"),
    ("install", "install nouveau /bin/false", "", "'install nouveau /bin/false'"),
    ("subsystem and class", "options vfio-pci ids=10de:1b80:1043:8508:030000:ffff00", 'class: "0300xx"', ""),
    ("no ids at all", "options vfio-pci ids=zz:1", "", "not vendor:device"),
]


def imported(binary, words, lines, taken, named):
    """The row of an import."""
    with tempfile.TemporaryDirectory() as directory:
        host = Host(directory)
        host.file("/etc/modprobe.d/vfio.conf", lines)
        done = host.vfioctl(binary, "import", "modprobe")
    rule = next((line.strip() for line in done.stdout.splitlines() if taken and taken in line and "match" in line), "")
    name = next((line for line in done.stderr.splitlines() if named and named in line), "")
    show(12, words, "rule" if taken else "none", "named" if name else "", rule or name.split(": ", 2)[-1])
    return bool(rule) == bool(taken) and bool(name) == bool(named)


def show(kind, words, *found):
    print(f"{kind:2} | {words:60} | {found[0]:7} | {found[1]:15} | {found[2]}")


def look(binary, entry):
    """What is planned for the device: (whole plan, verdict, code, evidence), of the reason that is expected, else the first."""
    _, _, _, code, evidence, rule, build = entry
    with tempfile.TemporaryDirectory() as directory:
        host = Host(directory)
        host.rule(rule)
        build(host)
        plan = host.plan(sys.argv[1])
    transactions = plan["transactions"]
    verdict = transactions[0]["verdict"] if transactions else "none"
    reasons = [reason for each in transactions for reason in each["reasons"]]

    def text(reason):
        return f"{reason['text']}: {reason['evidence']}" if reason["evidence"] else reason["text"]

    if rule == FORCED:
        reasons = [reason for reason in reasons if not reason["forceable"]]
    fitting = [reason for reason in reasons if reason["code"] == code and evidence in text(reason)] or reasons
    found = (fitting[0]["code"], text(fitting[0])) if fitting else ("", "")
    return plan, verdict, *found


def main():
    wanted, failures = sys.argv[2:], 0
    for entry in ROWS:
        kind, words, verdict, code, evidence, _, _ = entry
        if wanted and not any(each in words for each in wanted):
            continue
        plan, *found = look(sys.argv[1], entry)
        holds = found[:2] == [verdict, code] and evidence in found[2]
        failures += not holds
        show(kind, words, *found)
        if not holds:
            print(f"   NOT AS EXPECTED: {verdict} | {code} | {evidence}")
        if wanted:
            print(plan)
    for entry in [] if wanted else IMPORTS:
        if not imported(sys.argv[1], *entry):
            failures += 1
            print("   NOT AS EXPECTED")
    print("\nIn guests:")
    for kind, words in KINDS.items():
        print(f"{kind:2} | {words:60} | {GUESTS.get(kind, '-')}")
    print(f"{len(ROWS) + len(IMPORTS)} rows, {failures} not as expected")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Users of a disk inside the kernel that claim nothing: loop devices and exporters. The distribution's kernel, with its
# modules: nvmet and LIO are the ones that hosts have.
. tests/lab/check.sh

disk=0000:00:12.0
program=$BINDD_BUILD/tests/lab/programs/lab_usage_of
usage_of() { "$program" "$@" 2>&1 || echo "ended with $?"; }
dev=$(basename "$(echo "/sys/bus/pci/devices/$disk/nvme/"nvme*/nvme*n1)")
mount_at=$(mktemp -d)
inner=$(mktemp -d)

policy=$(mktemp -d)/disk.yaml
cat >"$policy" <<END
version: 1
rules:
  - name: disk
    match: { address: "$disk" }
    driver: vfio-pci
    in_use: { allow: [signature] }
END
plan() { vfioctl --direct --policy "$policy" plan 2>&1; }

check "loop devices can be made" modprobe loop
check "configfs is there" modprobe configfs
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
contains "the blank disk would be taken" "$disk" "$(plan)"
fails "and nothing refuses it" 10 vfioctl --direct --policy "$policy" plan --detailed-exitcode

loop=$(losetup --show -f "/dev/$dev")
name=${loop#/dev/}
equal "a loop device over the disk is found" "holder: $name holds $dev" "$(usage_of $disk)"
fails "and refuses it" 3 vfioctl --direct --policy "$policy" plan --detailed-exitcode
mkfs.ext4 -q "$loop"
check "its file system is mounted" mount "$loop" "$mount_at"
equal "a mount above the loop device is found" \
    "mounted: $name above $dev on $mount_at"$'\n'"holder: $name holds $dev, mounted on $mount_at" "$(usage_of $disk)"
contains "the plan names loop device and mount" "holder*$name holds $dev, mounted on $mount_at" "$(plan)"

truncate -s 16M "$mount_at/disk.img"
second=$(losetup --show -f "$mount_at/disk.img")
mkfs.ext4 -q "$second"
check "a file on it is mounted through a second loop device" mount "$second" "$inner"
contains "what stands on a file is found" "mounted: ${second#/dev/} ($mount_at/disk.img) above $name on $inner" "$(usage_of $disk)"
umount "$inner"
losetup -d "$second"
umount "$mount_at"
losetup -d "$loop"

# A loop device over a file whose file system was detached from every namespace.
mkfs.ext4 -qF "/dev/$dev"
mount "/dev/$dev" "$mount_at"
truncate -s 16M "$mount_at/disk.img"
second=$(losetup --show -f "$mount_at/disk.img")
umount -l "$mount_at"
contains "a file of a detached file system is found" "holder: ${second#/dev/} (/disk.img) holds $dev" "$(usage_of $disk)"
losetup -d "$second"
dd if=/dev/zero of="/dev/$dev" bs=1M count=8 status=none conv=fsync
equal "nobody uses the disk again" "" "$(usage_of $disk)"

check "nvmet can be loaded" modprobe nvmet
object=/sys/kernel/config/nvmet/subsystems/nqn.2014-08.org.example:disk
mkdir -p "$object/namespaces/1"
printf '/dev/%s' "$dev" >"$object/namespaces/1/device_path"
equal "a namespace that is not enabled is no use" "" "$(usage_of $disk)"
check "a namespace is enabled" store "$object/namespaces/1/enable" 1
equal "an nvmet namespace is found" "holder: nvmet namespace nqn.2014-08.org.example:disk/1 serves $dev" "$(usage_of $disk)"
fails "and refuses the disk" 3 vfioctl --direct --policy "$policy" plan --detailed-exitcode
check "configfs goes out of sight" umount /sys/kernel/config
equal "then what nvmet serves is unknown" "unknown-use: nvmet is in use, and /sys/kernel/config/nvmet cannot be read" \
    "$(usage_of $disk)"
mount -t configfs none /sys/kernel/config
store "$object/namespaces/1/enable" 0
rmdir "$object/namespaces/1"
mkfs.ext4 -qF "/dev/$dev"
mount "/dev/$dev" "$mount_at"
truncate -s 16M "$mount_at/disk.img"
mkdir "$object/namespaces/2"
printf '%s' "$mount_at/disk.img" >"$object/namespaces/2/device_path"
check "a namespace with a file is enabled" store "$object/namespaces/2/enable" 1
contains "an nvmet namespace with a file is found" \
    "holder: nvmet namespace nqn.2014-08.org.example:disk/2 serves $mount_at/disk.img on $dev" "$(usage_of $disk)"
store "$object/namespaces/2/enable" 0
rmdir "$object/namespaces/2" "$object"

check "LIO can be loaded" modprobe -a target_core_mod target_core_iblock target_core_file
core=/sys/kernel/config/target/core
mkdir -p "$core/fileio_0/image"
printf 'fd_dev_name=%s,fd_dev_size=16777216' "$mount_at/disk.img" >"$core/fileio_0/image/control"
check "a file backstore is enabled" store "$core/fileio_0/image/enable" 1
contains "a file backstore is found" "holder: LIO backstore fileio_0/image serves $mount_at/disk.img on $dev" "$(usage_of $disk)"
rmdir "$core/fileio_0/image"
umount "$mount_at"
mkdir -p "$core/iblock_0/disk"
printf 'udev_path=/dev/%s' "$dev" >"$core/iblock_0/disk/control"
check "a block backstore is enabled" store "$core/iblock_0/disk/enable" 1
contains "a block backstore is found" "holder: LIO backstore iblock_0/disk serves $dev" "$(usage_of $disk)"
rmdir "$core/iblock_0/disk"

check "the disk's node is taken away" rm "/dev/$dev"
rm -f "/run/udev/data/b$(cat "/sys/class/block/$dev/dev")"
equal "a disk that cannot be opened is unknown" "unknown-use: /dev/$dev: open: No such file or directory" "$(usage_of $disk)"

done_checking

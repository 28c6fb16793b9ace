#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the running system needs cannot be forced; a rule with a limit stays with its device; VFs that cannot be are refused.
. tests/lab/check.sh

disk=0000:00:12.0
pf=0000:01:00.0
pci=/sys/bus/pci/devices
dev=$(basename "$(echo "$pci/$disk/nvme/"nvme*/nvme*n1)")
force=(--direct bind --dry-run --force "mounted,swap,holder,signature,open-fd,unknown-use" "$disk")
# needed WHAT EVIDENCE: the disk is refused with that reason, which no output offers to force.
needed() {
    local output
    output=$(vfioctl "${force[@]}" 2>&1)
    equal "$1 refuses" 3 $?
    contains "$1 is named" "$2" "$output"
    equal "$1 is not offered" "" "$(grep -e --force <<<"$output")"
}

# Disks
check "a blank disk can be taken" vfioctl "${force[@]}"
mkswap -q "/dev/$dev" && swapon "/dev/$dev"
needed "live swap" "swap: the running system needs it: the host swaps to it ($dev)"
swapoff "/dev/$dev"
mkdir -p /boot/efi /home
mkfs.ext4 -qF "/dev/$dev"
for at in /boot /boot/efi /efi /var/lib/bindd; do
    mkdir -p "$at" && mount "/dev/$dev" "$at"
    needed "$at" "mounted: the running system needs it: a file system on it is mounted ($dev on $at)"
    umount "$at"
done
mount "/dev/$dev" /home
check "/home can be forced" vfioctl "${force[@]}"
umount /home

modprobe loop
mke2fs -q -F -O journal_dev "/dev/$dev"
truncate -s 64M /tmp/boot.img
mkfs.ext4 -qF -J "device=/dev/$dev" /tmp/boot.img
mount -o loop /tmp/boot.img /boot
needed "the journal of /boot" "holder: the running system needs it: a mounted file system keeps its journal on it ($dev)"
umount /boot
mount -o loop /tmp/boot.img /home
check "the journal of /home can be forced" vfioctl "${force[@]}"
umount /home
dd if=/dev/zero of="/dev/$dev" bs=1M count=8 status=none conv=fsync

# A limit
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<'RULES'
version: 1
rules:
  - { name: one, match: { class: "010802", is_pf: false, driver: nvme }, driver: vfio-pci, limit: 1, in_use: { allow: [signature] } }
RULES
taken() { basename -a "$(readlink -f /sys/bus/pci/drivers/vfio-pci)"/0000:* 2>/dev/null | grep -c .; }
check "a rule with a limit takes one" vfioctl --direct --policy "$rules" apply
first=$(taken)
check "applying again" vfioctl --direct --policy "$rules" apply
equal "takes no other one" "$first" "$(taken)"
fails "and has nothing to do" 0 vfioctl --direct --policy "$rules" plan --detailed-exitcode
contains "explain says why" "matched when it was applied" "$(vfioctl --direct --policy "$rules" explain $disk)"
check "release" vfioctl --direct release $disk

# VFs
cat >"$rules" <<RULES
version: 1
rules:
  - { name: pf, match: { address: "$pf" }, driver: vfio-pci, sriov: { vfs: 2 } }
RULES
fails "vfio-pci makes no VFs" 3 vfioctl --direct --policy "$rules" apply
equal "so the PF keeps its driver" nvme "$(driver_of $pf)"
store $pci/$pf/sriov_drivers_autoprobe 0
store $pci/$pf/sriov_numvfs 2
vf=$(basename "$(readlink $pci/$pf/virtfn1)")
store $pci/$pf/remove 1
store /sys/bus/pci/rescan 1
eventually "the PF is back" test -e $pci/$pf/driver
check "its VF stayed" test -e "$pci/$vf"
output=$(vfioctl --direct sriov $pf 2 2>&1)
equal "VFs are refused where one is left over" 3 $?
contains "which is named, with the way to clear it" "$vf: driver-denies: is where VF 1*$pci/$vf/remove" "$output"

done_checking

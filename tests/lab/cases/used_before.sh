#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A boot after one in which the host used a disk and a network card that the policies give away: neither is taken before
# anything is mounted and up, by the early step, udev's rules, the daemon or bindd-apply.service. With systemd as process 1.
# shellcheck disable=SC2317 # functions are called by check.sh
. tests/lab/check.sh
. tests/lab/json.sh

nic=0000:00:11.0 disk=0000:00:12.0 twin=0000:00:13.0
list=/var/lib/bindd/devices-in-use
mount_at=$(mktemp -d)
is_ready() { busctl --system get-property org.bindd1 /org/bindd1 org.bindd1.Manager Ready | grep -q true; }
is_on() { [ "$(driver_of "$1")" = "$2" ]; }
state() { vfioctl explain "$1" | grep '^state:'; }
block_device() { basename "$(echo "/sys/bus/pci/devices/$1/nvme/"nvme*/nvme*n1)"; }
changed() { udevadm trigger -c change "/sys/bus/pci/devices/$1"; }
no_list() { [ ! -e "$list" ]; }
lists() { grep -q "\"device\":\"pci/$1\"" "$list"; }
refuses() { vfioctl show "$disk" | grep -q 'state: *refused'; }
kept="the host used $disk before this boot (mounted: nvme0n1 on /srv) and may use it again; \`vfioctl apply\` takes it if it is not in use"

eventually "the service is ready" is_ready
equal "the early step took the disk that nobody used" vfio-pci "$(driver_of $twin)"
contains "and named the other" "$disk: the host used it when the policies were last applied (mounted: nvme0n1 on /srv): decided later" \
    "$(journalctl -b -u bindd-early --no-pager -o cat)"
equal "which has its native driver" "nvme (null)" "$(driver_of $disk) $(override_of $disk)"
equal "and so has the network card" "e1000e (null)" "$(driver_of $nic) $(override_of $nic)"
contains "the daemon leaves it and says why" "pending, kept: $kept" "$(state $disk)"
contains "in show as well" "before this boot" "$(vfioctl show $disk)"
contains "and in status" "$disk pending, kept: $kept" "$(vfioctl status)"
check "a plan, which is what a command would do, takes it" grep -q "$disk" <(vfioctl plan)
changed $disk
sleep 1
equal "an event changes nothing" nvme "$(driver_of $disk)"
systemctl restart bindd
eventually "after a restart it is ready" is_ready
equal "and leaves both" "nvme e1000e" "$(driver_of $disk) $(driver_of $nic)"

# Without the daemon
systemctl stop bindd
contains "bindd-apply.service leaves both" "$kept" "$(systemctl start bindd-apply; journalctl -b -u bindd-apply --no-pager -o cat)"
equal "whatever it is not asked for" "nvme e1000e" "$(driver_of $disk) $(driver_of $nic)"
systemctl stop bindd-apply

# A use of this boot, and its end
mkfs.ext4 -qF "/dev/$(block_device $disk)" && mount "/dev/$(block_device $disk)" "$mount_at"
systemctl start bindd
eventually "beside a mount the disk is refused" refuses
umount "$mount_at"
wipefs -qa "/dev/$(block_device $disk)"
changed $disk
eventually "after it the daemon takes the disk" is_on $disk vfio-pci
equal "and not the card" e1000e "$(driver_of $nic)"
check "which is still in the list" lists $nic
fails "while the disk is not" 1 lists $disk

# A command
check "an apply takes the card" vfioctl apply
equal "as nobody uses it" vfio-pci "$(driver_of $nic)"
eventually "and then the list is gone" no_list

# The list is on a file system that is mounted later.
systemctl stop bindd
mkdir -p /run/systemd/system
touch /run/systemd/system/var-lib-bindd.mount
contains "the early step takes nothing then" "/var/lib/bindd is not mounted yet: any device may be in it" \
    "$(vfioctl --direct apply --early 2>&1)"
rm /run/systemd/system/var-lib-bindd.mount

# A damaged one
check "all are given back" vfioctl --direct release $nic $disk $twin
printf '{' >$list
systemctl start bindd
eventually "beside a damaged list the daemon is ready" is_ready
contains "and takes nothing" "any device may be in it" "$(state $disk)"
equal "of all three" "e1000e nvme" "$(driver_of $nic) $(driver_of $twin)"

done_checking

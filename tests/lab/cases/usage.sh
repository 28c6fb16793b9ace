#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every use of a device that can be made in the guest, and what is found of it.
# shellcheck disable=SC2217,SC2317 # sleep holds a node open as its input; functions are called by check.sh
. tests/lab/check.sh

edu=0000:00:10.0
nic=0000:00:11.0
disk=0000:00:12.0
pf=0000:01:00.0
program=$BINDD_BUILD/tests/lab/programs/lab_usage_of
usage_of() { "$program" "$@" 2>&1 || echo "ended with $?"; }
node_of() { basename "$(echo "/sys/bus/pci/devices/$1/nvme/"nvme*/nvme*n1)"; }

# Disks
dev=$(node_of $disk)
mount_at=$(mktemp -d)
equal "nobody uses a blank disk" "" "$(usage_of $disk)"
check "a file system is made" mkfs.ext4 -q -L home "/dev/$dev"
udevadm settle  # udev opens what was written to
equal "a file system that nobody mounted is a signature" "signature: $dev: ext4 \"home\"" "$(usage_of $disk)"
check "it is mounted" mount "/dev/$dev" "$mount_at"
equal "a mount is found" "mounted: $dev on $mount_at" "$(usage_of $disk)"
umount "$mount_at"

unshare --mount --propagation private sh -c "mount /dev/$dev $mount_at && exec sleep 60" &
sleeper=$!
eventually "another mount namespace has it mounted" grep -q "$mount_at" "/proc/$sleeper/mountinfo"
equal "a mount that only another namespace has is found" \
    "mounted: $dev on $mount_at in the mount namespace of sleep (pid $sleeper)" "$(usage_of $disk)"
kill "$sleeper" && wait "$sleeper" 2>/dev/null

sectors=$(blockdev --getsz "/dev/$dev")
dmsetup mknodes
check "a device-mapper device is made on it" dmsetup create labmap --table "0 $sectors linear /dev/$dev 0"
dm=$(basename "$(ls -d "/sys/class/block/$dev/holders/"dm-*)")
equal "its holder is found" "holder: $dm (labmap) holds $dev" "$(usage_of $disk | grep -v open-fd)"
check "its filesystem is mounted" mount /dev/mapper/labmap "$mount_at"
equal "a mount two levels above is found" \
    "mounted: $dm (labmap) above $dev on $mount_at"$'\n'"holder: $dm (labmap) holds $dev" "$(usage_of $disk)"
umount "$mount_at"
check "the device-mapper device goes" dmsetup remove labmap

check "swap is made" mkswap -q "/dev/$dev"
contains "a swap signature is found" "signature: $dev: swap" "$(usage_of $disk)"
check "it is swapped to" swapon "/dev/$dev"
equal "swap is found" "swap: $dev" "$(usage_of $disk)"
swapoff "/dev/$dev"
dd if=/dev/zero of="/dev/$dev" bs=1M count=8 status=none conv=fsync

sleep 60 <"/dev/${dev%n1}" &
sleeper=$!
eventually "a process has the controller's node open" test -e "/proc/$sleeper/fd/0"
equal "an open node is found" "open-fd: sleep (pid $sleeper) has /dev/${dev%n1} open" "$(usage_of $disk)"
kill "$sleeper" && wait "$sleeper" 2>/dev/null

# A program that opens the disk exclusively, as mkfs does: an open descriptor and a claim.
python3 -c "import os,time; os.open('/dev/$dev', os.O_RDONLY | os.O_EXCL); print('claimed', flush=True); time.sleep(60)" >"$mount_at/claim" &
sleeper=$!
eventually "a program claims the disk" grep -q claimed "$mount_at/claim"
equal "an exclusive claim is found" \
    "holder: $dev is claimed for exclusive use"$'\n'"open-fd: $(cat "/proc/$sleeper/comm") (pid $sleeper) has /dev/$dev open" \
    "$(usage_of $disk)"
kill "$sleeper" && wait "$sleeper" 2>/dev/null

# Network
dev=$(ls "/sys/bus/pci/devices/$nic/net")
equal "nobody uses an idle interface" "" "$(usage_of $nic)"
ip link set "$dev" up
ip addr add 192.0.2.2/24 dev "$dev"
equal "an address is found" "addressed: 192.0.2.2/24 on $dev" "$(usage_of $nic)"
ip route add default via 192.0.2.1 dev "$dev"
ip -6 addr add 2001:db8::2/64 dev "$dev" nodad
ip -6 route add default via 2001:db8::1 dev "$dev"
equal "default routes of both families are found" \
    "default-route: default via 192.0.2.1 dev $dev
default-route: default via 2001:db8::1 dev $dev
addressed: 192.0.2.2/24 on $dev
addressed: 2001:db8::2/64 on $dev" "$(usage_of $nic)"
ip addr flush dev "$dev"
ip -6 route flush dev "$dev"
ip link set "$dev" down
check "a bridge takes the interface" ip link add br0 type bridge
ip link set "$dev" master br0
ip link set "$dev" up
ip link set br0 up
check "a vlan on the bridge" ip link add link br0 name br0.7 type vlan id 7
ip addr add 198.51.100.2/24 dev br0.7
equal "what is above a bridge port is found" \
    "addressed: 198.51.100.2/24 on br0.7, br0.7 (vlan) is made on br0
enslaved: br0.7 (vlan) is made on br0
enslaved: $dev is a port of br0 (bridge)" "$(usage_of $nic | grep -v fe80)"
ip link del br0.7
ip link del br0

# A session: the shell of this case holds a connection to a peer behind the interface, as sshd would.
ip addr add 10.0.2.15/24 dev "$dev"
ip link set "$dev" up
eventually "the peer answers" bash -c 'exec 5<>/dev/tcp/10.0.2.100/1234'
equal "no session comes through it yet" "addressed: 10.0.2.15/24 on $dev" "$(usage_of $nic)"
exec 5<>/dev/tcp/10.0.2.100/1234
contains "the caller's own session is found" "session: $(cat /proc/$$/comm) (pid $$) to 10.0.2.100 by $dev" "$(usage_of $nic)"
exec 5>&-
bash -c 'exec 5<>/dev/tcp/10.0.2.100/1234; exec sleep 60' &
sleeper=$!
local_port() { printf '%d' "0x$(awk '$4 == "01" { sub(/.*:/, "", $2); print $2; exit }' /proc/net/tcp)"; }
connected() { [ "$(local_port)" != 0 ]; }
disconnected() { [ "$(local_port)" = 0 ]; }
eventually "a process beside us is connected" connected
SSH_CONNECTION="10.0.2.100 1234 10.0.2.15 $(local_port)"
export SSH_CONNECTION
contains "SSH_CONNECTION counts for a connection that exists" "session: SSH_CONNECTION to 10.0.2.100 by $dev" "$(usage_of $nic)"
kill "$sleeper" && wait "$sleeper" 2>/dev/null
eventually "that connection ends" disconnected
equal "and not for one that does not" "addressed: 10.0.2.15/24 on $dev" "$(usage_of $nic)"
unset SSH_CONNECTION
ip addr flush dev "$dev"

ip link set "$dev" down
ip netns add container
ip link set "$dev" netns container
ip -n container addr add 203.0.113.5/24 dev "$dev"
equal "an interface that a container has is found" \
    "addressed: 203.0.113.5/24 on $dev in the network namespace of container
enslaved: $dev in the network namespace of container" "$(usage_of $nic)"
ip -n container link set "$dev" netns 1
ip netns del container

# VFIO
modprobe vfio-pci
store /sys/bus/pci/devices/$edu/driver_override vfio-pci
check "a device is bound to vfio-pci" test -z "$(store /sys/bus/pci/drivers/vfio-pci/bind $edu)"
equal "nobody has it open yet" "" "$(usage_of $edu)"
group=/dev/vfio/$(group_of $edu)
eventually "its group's node is there" test -c "$group"
sleep 60 <>"$group" &
sleeper=$!
eventually "a process opens the group" test -e "/proc/$sleeper/fd/0"
equal "an open group is found" "vfio-open: sleep (pid $sleeper) has $group open" "$(usage_of $edu)"
kill "$sleeper" && wait "$sleeper" 2>/dev/null
cdev=/dev/vfio/devices/$(ls "/sys/bus/pci/devices/$edu/vfio-dev")
sleep 60 <>"$cdev" &
sleeper=$!
eventually "a process opens the cdev" test -e "/proc/$sleeper/fd/0"
equal "an open cdev is found" "vfio-open: sleep (pid $sleeper) has $cdev open" "$(usage_of $edu)"
kill "$sleeper" && wait "$sleeper" 2>/dev/null

# SR-IOV
store /sys/bus/pci/devices/$pf/sriov_drivers_autoprobe 0
store /sys/bus/pci/devices/$pf/sriov_numvfs 2
equal "enabled VFs are found" "vfs-in-use: 2 of 16 VFs: 0000:01:00.1, 0000:01:00.2" "$(usage_of $pf)"
store /sys/bus/pci/devices/$pf/sriov_numvfs 0
equal "and gone again" "" "$(usage_of $pf)"

done_checking

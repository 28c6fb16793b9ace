#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What hosts build on a disk and on a network interface, made with the tools that hosts use: md, LVM, LUKS, a btrfs of two
# disks, an external journal; a bridge on a VLAN on a bond, macvlan, L2TP, PPPoE over it, AF_XDP; and what holds a device
# without a descriptor: an io_uring, a process whose main thread has ended; the hypervisor's files that the root is on.
# shellcheck disable=SC2317 # functions are called by check.sh
. tests/lab/check.sh

disk=0000:00:12.0
nic=0000:00:11.0
program=$BINDD_BUILD/tests/lab/programs/lab_usage_of
usage_of() { "$program" "$@" 2>&1 || echo "ended with $?"; }
dev=$(basename "$(echo "/sys/bus/pci/devices/$disk/nvme/"nvme*/nvme*n1)")
mount_at=$(mktemp -d)
tools=build/stacks
export LD_LIBRARY_PATH=$PWD/$tools/lib/x86_64-linux-gnu:$PWD/$tools/usr/lib/x86_64-linux-gnu
PATH=$PWD/$tools/sbin:$PWD/$tools/usr/sbin:$PWD/$tools/bin:$PWD/$tools/usr/bin:$PATH
wipe() {
    dd if=/dev/zero of="/dev/$dev" bs=1M status=none 2>/dev/null
    blockdev --rereadpt "/dev/$dev"
    udevadm settle
}
# refused WHAT EVIDENCE: the disk is refused, whatever a rule allows of signatures, and says why.
refused() {
    contains "$1 is found" "$2" "$(usage_of $disk)"
    fails "$1 refuses the disk" 3 vfioctl --direct bind --dry-run --force signature $disk
}
modprobe -a loop dm-mod raid1 dm-crypt btrfs
dmsetup mknodes

# Disks
truncate -s 64M /tmp/second
second=$(losetup --show -f /tmp/second)
check "md is made" mdadm --create /dev/md0 --run --metadata=1.2 --level=1 --raid-devices=2 "/dev/$dev" "$second"
mkfs.ext4 -qF /dev/md0 && mount /dev/md0 "$mount_at"
refused "a mounted md" "mounted: md0 above $dev on $mount_at"
umount "$mount_at"
check "md is stopped" mdadm --stop /dev/md0
wipe

config='devices { use_devicesfile=0 scan="/dev" filter=["a|.*|"] } activation { udev_sync=0 udev_rules=0 }'
check "a volume group is made" lvm vgcreate --config "$config" -y lab "/dev/$dev"
check "a logical volume is made" lvm lvcreate --config "$config" -y -Zn -Wn -n home -l 4 lab
mkfs.ext4 -qF /dev/mapper/lab-home && mount /dev/mapper/lab-home "$mount_at"
refused "a mounted logical volume" "(lab-home) above $dev on $mount_at"
umount "$mount_at"
lvm vgchange --config "$config" -an lab >/dev/null
refused "a volume group that is not active" "$dev is LVM2_member"
wipe

printf 'a key' >/tmp/key
check "LUKS is made" cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "/dev/$dev" /tmp/key
check "LUKS is opened" cryptsetup open --key-file /tmp/key "/dev/$dev" safe
mkswap -q /dev/mapper/safe && swapon /dev/mapper/safe
refused "swap on LUKS" "swap: dm-*(safe) above $dev"
swapoff /dev/mapper/safe
cryptsetup close safe
wipe

truncate -s 128M /tmp/first
first=$(losetup --show -f /tmp/first)
check "a btrfs of two disks is made" mkfs.btrfs -q -f -M -m single -d single "$first" "/dev/$dev"
btrfs device scan >/dev/null
check "it is mounted by the other" mount "$first" "$mount_at"
refused "the second disk of a btrfs" "mounted: $dev (btrfs) on $mount_at"
umount "$mount_at"
wipe
mke2fs -q -F -O journal_dev "/dev/$dev"
mkfs.ext4 -qF -J "device=/dev/$dev" "$first" && mount "$first" "$mount_at"
refused "an external journal" "holder: $dev"
umount "$mount_at"
wipe

# Holders without a descriptor
cat >/tmp/thread.py <<'END'
import ctypes, os, sys, threading, time
file = os.open(sys.argv[1], os.O_RDONLY)
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).syscall(60, 0)  # exit(2): of this thread alone
END
python3 /tmp/thread.py "/dev/$dev" &
holder=$!
ended() { grep -q '^State:.*Z' "/proc/$holder/status"; }
eventually "a process' main thread has ended" ended
refused "the descriptor of another thread" "open-fd: $(cat /proc/$holder/comm) (pid $holder) has /dev/$dev open"
kill -KILL $holder && wait $holder 2>/dev/null

cat >/tmp/ring.py <<'END'
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
parameters = (ctypes.c_char * 120)()
ring = libc.syscall(425, 4, parameters)  # io_uring_setup()
file = os.open(sys.argv[1], os.O_RDONLY)
files = (ctypes.c_int * 1)(file)
if ring < 0 or libc.syscall(427, ring, 2, files, 1):  # io_uring_register(), IORING_REGISTER_FILES
    sys.exit("no io_uring")
os.close(file)
print("registered", flush=True)
time.sleep(600)
END
python3 /tmp/ring.py "/dev/$dev" >/tmp/ring.out &
holder=$!
eventually "a file is registered with an io_uring" grep -q registered /tmp/ring.out
refused "a registered file" "open-fd: $(cat /proc/$holder/comm) (pid $holder) has /dev/$dev registered with an io_uring"
kill -KILL $holder && wait $holder 2>/dev/null

# The root is an overlay whose lower layer, a 9p of the hypervisor, is out of sight since switch_root.
for share in 0000:00:02.0 0000:00:03.0; do
    output=$(vfioctl --direct bind --dry-run --force mounted,holder,open-fd,unknown-use $share 2>&1)
    equal "the hypervisor's files on $share are needed" 3 $?
    contains "which is said" "mounted: the running system needs it" "$output"
done

# Network
modprobe -a bonding 8021q bridge l2tp_eth l2tp_ip pppoe veth
dev=$(ls "/sys/bus/pci/devices/$nic/net")
ip link add bond0 type bond mode active-backup
ip link set "$dev" down
ip link set "$dev" master bond0
ip link set bond0 up
ip link add link bond0 name bond0.7 type vlan id 7
ip link add br7 type bridge
ip link set bond0.7 master br7
ip link set br7 up
ip address add 192.0.2.2/24 dev br7
usage=$(usage_of $nic)
contains "an address on a bridge on a VLAN on a bond is found" "addressed: 192.0.2.2/24 on br7, bond0.7 is a port of br7 (bridge)" "$usage"
contains "and the bond" "enslaved: $dev is a port of bond0 (bond)" "$usage"
ip link del br7
ip link del bond0.7

ip link set "$dev" nomaster
ip link del bond0
ip link set "$dev" up
ip link add left type veth peer name right
ip link add br8 type bridge
ip link set right master br8
ip link set "$dev" master br8
for each in left right br8; do ip link set $each up; done
python3 -c "
import ctypes, struct, time
libc = ctypes.CDLL(None, use_errno=True)
file = libc.socket(24, 1, 0)
address = struct.pack('=HIH6s16s', 24, 0, 0x1200, bytes.fromhex('525400123456'), b'left')
if libc.connect(file, address, len(address)):
    raise OSError(ctypes.get_errno())
time.sleep(600)" &
holder=$!
eventually "a PPPoE session goes over a veth" grep -q left /proc/net/pppoe
contains "the bridge that it is behind refuses" "enslaved: $dev is a port of br8 (bridge)" "$(usage_of $nic)"
kill $holder && wait $holder 2>/dev/null
ip link del left
ip link del br8

ip address add 192.0.2.2/24 dev "$dev"
check "an L2TP tunnel" ip l2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap ip local 192.0.2.2 remote 192.0.2.9
check "has a session" ip l2tp add session name l2tp0 tunnel_id 1 session_id 1 peer_session_id 1
contains "the interface that an L2TP tunnel leaves through is refused" "addressed: 192.0.2.2/24 on $dev" "$(usage_of $nic)"
ip l2tp del tunnel tunnel_id 1
ip address flush dev "$dev"

python3 -c "
import ctypes, mmap, struct, time
libc = ctypes.CDLL(None, use_errno=True)
file = libc.socket(44, 3, 0)
memory = mmap.mmap(-1, 1 << 20)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
def option(name, value):
    if libc.setsockopt(file, 283, name, value, len(value)): raise OSError(ctypes.get_errno(), name)
option(4, struct.pack('QQIII4x', address, 1 << 20, 4096, 0, 0))
for ring in (5, 6, 2): option(ring, struct.pack('I', 64))
bound = struct.pack('HHIII', 44, 2, $(cat "/sys/class/net/$dev/ifindex"), 0, 0)
if libc.bind(file, bound, len(bound)): raise OSError(ctypes.get_errno(), 'bind')
time.sleep(600)" &
holder=$!
bound() { awk '$1 == "XDP" { exit $3 == 0 }' /proc/net/protocols; }
eventually "an XDP socket is there" bound
sleep 1
found="open-fd: $(cat /proc/$holder/comm) (pid $holder) has an XDP socket on queue 0 of $dev"
modprobe xsk_diag 2>/dev/null || found="unknown-use: XDP sockets: " # Debian's kernels do not tell of them
contains "an XDP socket is found, or unknown" "$found" "$(usage_of $nic)"
kill $holder && wait $holder 2>/dev/null

done_checking

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in a guest that is thrown away (in_use.sh): puts devices to use, then tells one tool to give each to vfio-pci, and
# prints for each "USE<tab>RESULT": took, refused, or what the tool cannot do. TOOL: vfioctl, driverctl, dpdk-devbind, virsh.
set -u
tool=$1 dpdk=$2
PATH=$BINDD_BUILD/vfioctl:/usr/sbin:/sbin:$PATH
pci=/sys/bus/pci/devices
driver_of() { basename "$(readlink "$pci/$1/driver")"; }
node_of() { basename "$(echo "$pci/$1/nvme/"nvme*/nvme*n1)"; }
interface_of() { find "$pci/$1/" -mindepth 2 -maxdepth 3 -path '*/net/*' -printf '%f\n' -quit; }
uses=() devices=()
# use DEVICE NAME COMMAND: the command puts it to use.
use() {
    local answer
    answer=$(mktemp)
    if "$3" "$1" >"$answer" 2>&1; then
        uses+=("$2") devices+=("$1")
    else
        printf '%s\tnot possible here\n' "$2"
        printf '%s: %s\n' "$2" "$(tail -n 1 "$answer")" >&2
    fi
}
mounted() { mkfs.ext4 -q "/dev/$1" && mkdir -p "/run/mnt/$1" && mount "/dev/$1" "/run/mnt/$1"; }
by_mount() { mounted "$(node_of "$1")"; }
by_loop() { losetup /dev/loop0 "/dev/$(node_of "$1")" && mounted loop0; }
by_swap() { mkswap -q "/dev/$(node_of "$1")" && swapon "/dev/$(node_of "$1")"; }
by_dm() {
    dmsetup mknodes
    dmsetup create above --table "0 $(blockdev --getsz "/dev/$(node_of "$1")") linear /dev/$(node_of "$1") 0" && mounted mapper/above
}
# shellcheck disable=SC2217 # sleep holds the node open
by_open() { sleep 600 <"/dev/$(node_of "$1")" & }
by_address() { ip address add 192.0.2.2/24 dev "$(interface_of "$1")" && ip link set "$(interface_of "$1")" up; }
by_macvlan() {
    ip netns add container && ip link add hidden link "$(interface_of "$1")" type macvlan mode bridge &&
        ip link set hidden netns container && ip -n container address add 198.51.100.2/24 dev hidden &&
        ip -n container link set hidden up
}
by_namespace() {
    ip netns add other && ip link set "$(interface_of "$1")" netns other
}
by_map() {
    python3 -c "
import mmap, os, time
file = os.open('$pci/$1/resource0', os.O_RDWR)
memory = mmap.mmap(file, 4096)
os.close(file)
time.sleep(600)" &
    sleep 3
    grep -q resource0 "/proc/$!/maps"
}
by_vf() {
    local vf group
    echo 0 >"$pci/$1/sriov_drivers_autoprobe" && echo 2 >"$pci/$1/sriov_numvfs" || return
    vf=$(basename "$(readlink "$pci/$1/virtfn0")") group=$(basename "$(readlink "$pci/$1/virtfn0/iommu_group")")
    echo vfio-pci >"$pci/$vf/driver_override" && echo "$vf" >/sys/bus/pci/drivers/vfio-pci/bind || return
    sleep 600 <>"/dev/vfio/$group" &
}

modprobe -a vfio-pci loop dm-mod macvlan 2>/dev/null
use 0000:00:12.0 "a mounted disk" by_mount
use 0000:00:18.0 "a loop device over a disk, mounted" by_loop
use 0000:00:19.0 "swap" by_swap
use 0000:00:1a.0 "a device-mapper device over a disk, mounted" by_dm
use 0000:00:1b.0 "a disk that a process has open" by_open
use 0000:00:11.0 "a NIC with an address" by_address
use 0000:00:1c.0 "a NIC with a macvlan in another network namespace" by_macvlan
use 0000:00:15.0 "a NIC in another network namespace" by_namespace
use 0000:00:10.0 "a BAR that a process has mapped" by_map
use 0000:01:00.0 "a PF whose VF a process has open" by_vf
udevadm settle

case $tool in
vfioctl) take() { vfioctl bind "$1"; } ;;
driverctl) take() { driverctl --nosave set-override "$1" vfio-pci; } ;;
dpdk-devbind) take() { python3 "$dpdk" --bind=vfio-pci "$1"; } ;;
virsh)
    # As in tests/lab/cases/libvirt.sh.
    mkdir -p /etc/libvirt /var/log/libvirt/qemu /var/lib/libvirt /run/libvirt /var/cache/libvirt /run/emulator
    printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'cgroup_controllers = [ ]' 'namespaces = [ ]' \
        'stdio_handler = "file"' 'remember_owner = 0' >/etc/libvirt/qemu.conf
    getent passwd libvirt-qemu >/dev/null || useradd --system --user-group --no-create-home libvirt-qemu
    ln -s /usr/bin/qemu-system-x86_64 /run/emulator/
    timeout 60 env PATH=/run/emulator:/usr/sbin:/sbin libvirtd --daemon
    take() { virsh --connect qemu:///system nodedev-detach "pci_${1//[:.]/_}"; }
    timeout 60 virsh --connect qemu:///system version >/dev/null || tool=absent
    ;;
esac
for at in "${!uses[@]}"; do
    device=${devices[at]} result=refused
    [ "$tool" != absent ] || result="libvirtd does not run here"
    was=$(driver_of "$device")
    answer=$([ "$tool" = absent ] || timeout 40 bash -c "$(declare -f take); dpdk=$dpdk; take $device" 2>&1)
    case $answer in *"nknown device"*) result="unknown to it" ;; esac
    [ "$(driver_of "$device")" = "$was" ] || result=took
    printf '%s\t%s\n' "${uses[at]}" "$result"
    printf '%s: %s: %s\n' "$tool" "$device" "${answer//$'\n'/; }" >&2
done

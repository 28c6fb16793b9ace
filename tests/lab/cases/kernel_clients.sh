#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Devices that the kernel itself uses, without a disk, an address or an open file: a watchdog that runs, memory of the host,
# netconsole, the kernel's console on a hypervisor's port; and a CAN socket. The distribution's kernel, with its modules.
. tests/lab/check.sh

nic=0000:00:11.0
lpc=0000:00:1f.0
memory=0000:00:19.0
can=0000:00:1a.0
port=0000:00:1b.0
program=$BINDD_BUILD/tests/lab/programs/lab_usage_of
usage_of() { "$program" "$@" 2>&1 || echo "ended with $?"; }
# shellcheck disable=SC2317 # called by check.sh
is_idle() { [ -z "$(usage_of "$1")" ]; }

check "the chipset's watchdog has a driver" modprobe -a lpc_ich iTCO_wdt
eventually "it has a node" sh -c "ls -d /sys/bus/pci/devices/$lpc/iTCO_wdt*/watchdog/watchdog*"
watchdog=$(basename "$(echo "/sys/bus/pci/devices/$lpc/"iTCO_wdt*/watchdog/watchdog*)")
equal "a watchdog that was never started is idle" "" "$(usage_of $lpc)"
printf x >"/dev/$watchdog"
equal "one that was closed without its word runs on" "holder: state of $watchdog is active" "$(usage_of $lpc)"
printf V >"/dev/$watchdog"
equal "it was stopped" "" "$(usage_of $lpc)"

check "memory has a driver" modprobe virtio_mem
eventually "memory is added" grep -q "System RAM (virtio_mem)" /proc/iomem
contains "memory of the host is found" "holder: System RAM (virtio_mem) of virtio" "$(usage_of $memory)"

check "netconsole can be loaded" modprobe netconsole
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
dev=$(ls "/sys/bus/pci/devices/$nic/net")
equal "nobody uses the interface" "" "$(usage_of $nic)"
ip address add 192.0.2.1/24 dev "$dev"
ip link set "$dev" up
target=/sys/kernel/config/netconsole/t1
mkdir "$target"
echo "$dev" >$target/dev_name
echo 192.0.2.9 >$target/remote_ip
echo 192.0.2.1 >$target/local_ip
check "netconsole begins" store $target/enabled 1
equal "netconsole is enabled" 1 "$(cat $target/enabled)"
ip address flush dev "$dev"
contains "netconsole is found" "console: netconsole t1 sends to $dev" "$(usage_of $nic)"
echo 0 >$target/enabled
rmdir $target
ip link set "$dev" down
eventually "netconsole ends" is_idle $nic

check "CAN can be loaded" modprobe -a kvaser_pci can_raw
eventually "there is an interface" test -e "/sys/bus/pci/devices/$can/net/can0"
ip link set can0 up type can bitrate 125000
equal "an interface that is up alone is idle" "" "$(usage_of $can)"
python3 -c "
import socket, time
can = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
can.bind(('can0',))
time.sleep(600)" &
holder=$!
eventually "a CAN socket is bound" grep -q can0.*raw /proc/net/can/rcvlist_all
contains "a CAN socket is found" "open-fd: a CAN receiver (raw) on can0" "$(usage_of $can)"
kill "$holder"
wait "$holder" 2>/dev/null
eventually "it ends" is_idle $can

check "the port has a driver" modprobe virtio_console
eventually "there is a terminal" test -e /dev/hvc0
contains "the kernel's console is on it" hvc0 "$(cat /proc/consoles)"
contains "the kernel's console on a port is found" "console: console on hvc0" "$(usage_of $port)"

done_checking

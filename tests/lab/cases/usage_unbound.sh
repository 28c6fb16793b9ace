#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Uses that no driver of the device knows of: mappings of a device that is unbound, mappings whose descriptors are closed,
# descriptors in no table, the firmware's framebuffer, the last keyboard; and processes that cannot be read.
# shellcheck disable=SC2317 # functions are called by check.sh
. tests/lab/check.sh

edu=0000:00:10.0
vga=0000:00:16.0
xhci=0000:00:17.0
devices=/sys/bus/pci/devices
program=$BINDD_BUILD/tests/lab/programs/lab_usage_of
usage_of() { "$program" "$@" 2>&1 || echo "ended with $?"; }
work=$(mktemp -d)

# Python keeps a copy of the descriptor of a mapping, so all are closed by number.
# holds PYTHON: a process runs it and then does nothing; $holder is its number.
holds() {
    rm -f "$work/done"
    printf 'import array, fcntl, mmap, os, socket, struct, time\n%s\nopen("%s", "w")\ntime.sleep(600)\n' "$1" "$work/done" >"$work/holds.py"
    python3 "$work/holds.py" &
    holder=$!
    eventually "a process holds it" test -e "$work/done"
    name="$(cat /proc/$holder/comm) (pid $holder)"
}
let_go() { kill "$holder" && wait "$holder" 2>/dev/null; }
reasons() { vfioctl --json plan --policy "$work/policy.yaml" | python3 -c 'import json, sys
for t in json.load(sys.stdin)["transactions"]:
    for r in t["reasons"]: print(r["code"], r["device"])'; }

# A device without a driver
equal "nobody uses the unbound device" "" "$(usage_of $edu)"
holds "f = os.open('$devices/$edu/resource0', os.O_RDWR); m = mmap.mmap(f, 4096); os.closerange(3, 64)"
equal "a mapped BAR is found" "open-fd: $name has $edu/resource0 mapped" "$(usage_of $edu)"
cat >"$work/policy.yaml" <<YAML
version: 1
rules: [{name: edu, match: {address: "$edu"}, driver: auto}]
YAML
equal "and refused" "open-fd $edu" "$(reasons)"
let_go
unshare --mount sh -c "mount --bind $devices/$edu/ /mnt && exec python3 -c 'import mmap, os, time
f = os.open(\"/mnt/resource0\", os.O_RDWR); m = mmap.mmap(f, 4096); os.closerange(3, 64); open(\"$work/bound\", \"w\"); time.sleep(600)'" &
holder=$!
eventually "a container has the device's directory" test -e "$work/bound"
equal "a mapping that shows another path is found" \
    "open-fd: $(cat /proc/$holder/comm) (pid $holder) has $edu/resource0 mapped" "$(usage_of $edu)"
let_go
bar=$(awk 'NR == 1 { print $1 }' $devices/$edu/resource)
holds "f = os.open('/dev/mem', os.O_RDWR | os.O_SYNC); m = mmap.mmap(f, 4096, offset=$bar); os.closerange(3, 64)"
equal "its memory in /dev/mem is found" "open-fd: $name has its resource 0 by /dev/mem mapped" "$(usage_of $edu)"
let_go
holds "f = os.open('/proc/bus/pci/00/10.0', os.O_RDWR)"
equal "its file in /proc/bus/pci is found" "open-fd: $name has /proc/bus/pci/00/10.0 open" "$(usage_of $edu)"
let_go
equal "an end of all is found" "" "$(usage_of $edu)"
contains "processes that may not be read are unknown" "unknown-use: " \
    "$(setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace "$program" $edu)"

# VFIO without descriptors
modprobe vfio-pci
store $devices/$edu/driver_override vfio-pci
check "a device is bound to vfio-pci" test -z "$(store /sys/bus/pci/drivers/vfio-pci/bind $edu)"
group=/dev/vfio/$(group_of $edu)
eventually "its group's node is there" test -c "$group"
open_device="
c = os.open('/dev/vfio/vfio', os.O_RDWR); g = os.open('$group', os.O_RDWR)
fcntl.ioctl(g, 0x3b68, struct.pack('i', c)); fcntl.ioctl(c, 0x3b66, 1)
d = fcntl.ioctl(g, 0x3b6a, array.array('b', b'$edu\\0'), True)"
equal "an open device is open once" "" "$(usage_of $edu)"
holds "$open_device
os.close(g); os.close(c)"
equal "a device is found without its group" "vfio-open: $name has a VFIO device open, and $group is busy" "$(usage_of $edu)"
let_go
holds "$open_device
m = mmap.mmap(d, 4096); os.closerange(3, 64)"
equal "a mapping is found without any descriptor" "vfio-open: $name has a VFIO device mapped, and $group is busy" "$(usage_of $edu)"
let_go
holds "
g = os.open('$group', os.O_RDWR); a, b = socket.socketpair(); socket.send_fds(a, [b'x'], [g]); os.close(g)"
equal "a group that nobody is seen with is in use" "unknown-use: $group: Device or resource busy" "$(usage_of $edu)"
let_go
equal "and then no more" "" "$(usage_of $edu)"

# The display that the firmware has set up, without its own driver
equal "the display has no driver" "" "$(driver_of $vga)"
equal "the console on the firmware's framebuffer is found" \
    "console: fb0 carries vtcon1, and it is the boot display" "$(usage_of $vga)"
cat >"$work/policy.yaml" <<YAML
version: 1
rules: [{name: display, match: {class: display}, driver: auto}]
YAML
equal "and refused" "console $vga" "$(reasons)"

# The last keyboard
eventually "the USB keyboard is there" grep -q "USB Keyboard" /proc/bus/input/devices
equal "another keyboard stays" "" "$(usage_of $xhci | grep ^input)"
store /sys/bus/serio/devices/serio0/drvctl none
equal "the last keyboard is found" "input: QEMU QEMU USB Keyboard" "$(usage_of $xhci | sed -n 's/ (input[0-9]*)$//; /^input/p')"

done_checking

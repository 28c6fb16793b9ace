#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The time that the daemon adds when a device is plugged in: from the end of the native driver's probe, until which the
# device is locked, to the end of vfio-pci's, less the time of the kernel itself for the two writes. It is measured in the
# guest's instructions (--steady), so that it does not depend on this machine's load.
. tests/lab/check.sh

pci=/sys/bus/pci
nic=0000:00:11.0
events=/tmp/events
cat >/tmp/rules.yaml <<RULES
version: 1
rules:
  - { name: nic, match: { address: "$nic" }, driver: auto }
RULES
# A shell built-in, because forks would be most of the measured time.
write() { echo "$2" >"$1"; }
# Of nine: a round in which udev's workers or another scan come in between takes twice the time.
rounds="1 2 3 4 5 6 7 8 9"
median() { sort -n | sed -n 5p; }
modprobe vfio-pci

own=$(for _ in $rounds; do
    write $pci/devices/$nic/driver_override vfio-pci
    begun=${EPOCHREALTIME/./}
    write $pci/drivers/e1000e/unbind $nic
    write $pci/drivers/vfio-pci/bind $nic
    echo $((${EPOCHREALTIME/./} - begun))
    write $pci/devices/$nic/driver_override ""
    write $pci/drivers/vfio-pci/unbind $nic
    write $pci/drivers/e1000e/bind $nic
done | median)

"$BINDD_BUILD/bindd/bindd" --bus none --policy /tmp/rules.yaml 2>/tmp/log &
daemon=$!
eventually "the daemon is ready" grep -q "ready: " /tmp/log
udevadm monitor --kernel --subsystem-match=pci >$events 2>&1 &
monitor=$!
sleep 1
bindings() { grep -a "bind .*/$nic " "$events" | grep -avc unbind; }
have_come() { [ "$(bindings)" -ge "$1" ]; }
for round in $rounds; do
    store $pci/devices/$nic/remove 1
    sleep 0.5
    store $pci/rescan 1
    eventually "plugged in, e1000e and then vfio-pci have it" have_come $((2 * round))
done
kill $monitor
all=$(awk -F'[][]' -v nic="/$nic " 'index($0, nic) && $3 ~ /^ *bind / {
    if (count++ % 2) { printf "%d\n", ($2 - native) * 1000000 } else { native = $2 } }' $events)
taken=$(median <<<"$all")
echo "# from e1000e to vfio-pci, us: the kernel's own $own; with the daemon $(xargs <<<"$all"), median $taken"
check "the daemon adds less than 20 ms ($((taken - own)) us)" test $((taken - own)) -lt 20000
kill -TERM $daemon
wait $daemon
done_checking

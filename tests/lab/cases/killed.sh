#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kill -9 in the middle of an apply, at a sample of moments: after the next apply or release the host is in the old state
# or in the new.
. tests/lab/check.sh

pci=/sys/bus/pci/devices
group=(0000:00:1f.0 0000:00:1f.2 0000:00:1f.3)
nic=0000:00:11.0
state() { for d in "${group[@]}" "$nic"; do printf '%s %s, ' "$(driver_of "$d")" "$(override_of "$d")"; done; }
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<'RULES'
version: 1
rules:
  - { name: sata, match: { address: "0000:00:1f.2" }, driver: vfio-pci, group: whole }
  - { name: nic, match: { address: "0000:00:11.0" }, driver: vfio-pci }
RULES
modprobe vfio-pci
old=$(state)
begin=$(date +%s%N)
check "the new state, to know it" vfioctl --policy "$rules" apply
# How long an apply takes here: the moments are parts of it, whatever the machine's speed.
whole=$((($(date +%s%N) - begin) / 1000000))
new=$(state)
check "and back" vfioctl release "${group[1]}" $nic
equal "the old one again" "$old" "$(state)"

in_time=0
for percent in 30 40 50 55 60 65 70 75 80 85 90 95; do
    delay=$(printf '%d.%03d' $((whole * percent / 100000)) $((whole * percent / 100 % 1000)))
    vfioctl --policy "$rules" apply >/dev/null 2>&1 &
    victim=$!
    sleep "$delay"
    kill -9 $victim 2>/dev/null && in_time=$((in_time + 1))
    wait $victim 2>/dev/null
    between=$(state)
    if [ $((RANDOM % 2)) = 0 ]; then
        check "killed after $delay s ($between): the next apply" vfioctl --policy "$rules" apply
        equal "ends in the new state" "$new" "$(state)"
        check "release" vfioctl release "${group[1]}" $nic
    else
        vfioctl release "${group[1]}" $nic >/dev/null 2>&1
        vfioctl release "${group[1]}" >/dev/null 2>&1
        vfioctl release $nic >/dev/null 2>&1
    fi
    equal "killed after $delay s: released, the old state" "$old" "$(state)"
done
check "some of them were killed while they worked" test $in_time -gt 3

done_checking

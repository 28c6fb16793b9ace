#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kill -9 in the middle of an apply, at a sample of moments: after the next apply or release the host is in the old state
# or in the new.
. tests/lab/check.sh

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
check "the new state, to know it" vfioctl --policy "$rules" apply
new=$(state)
check "and back" vfioctl release "${group[1]}" $nic
equal "the old one again" "$old" "$(state)"

# Its clock is the journal, not ours: whatever the machine's speed, every moment lies between two records.
journal=/run/bindd/journal
# kill_after COUNT: an apply that is killed once it has written so many records; fails if it was done before.
kill_after() {
    local lines from
    mapfile -t lines <$journal
    from=${#lines[@]}
    vfioctl --policy "$rules" apply >/dev/null 2>&1 &
    local victim=$!
    while [ -d /proc/$victim ]; do
        mapfile -t lines <$journal
        if [ $((${#lines[@]} - from)) -ge "$1" ]; then break; fi
    done
    kill -9 $victim 2>/dev/null
    wait $victim 2>/dev/null
    [ $? = 137 ]
}

in_time=0
# Each costs a dozen seconds here; the whole sweep is on the model (crash_test.cpp).
for count in ${MOMENTS:-1 4 9 12 17 20}; do
    if kill_after "$count"; then in_time=$((in_time + 1)); fi
    between=$(state)
    if [ $((count % 4)) = 1 ]; then
        check "killed after $count record(s) ($between): the next apply" vfioctl --policy "$rules" apply
        equal "ends in the new state" "$new" "$(state)"
        check "release" vfioctl release "${group[1]}" $nic
    else
        vfioctl release "${group[1]}" $nic >/dev/null 2>&1
        vfioctl release "${group[1]}" >/dev/null 2>&1
        vfioctl release $nic >/dev/null 2>&1
    fi
    equal "killed after $count record(s): released, the old state" "$old" "$(state)"
done
check "most of them were killed while they worked ($in_time of them)" test $in_time -ge 3

done_checking

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kill -9 during an apply, after a sample of journal records: the next apply or release brings the host to the new state or
# to the old one.
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
check "apply, to record the new state" vfioctl --policy "$rules" apply
new=$(state)
check "release" vfioctl release "${group[1]}" $nic
equal "the old one again" "$old" "$(state)"

# The moment is counted in journal records, so that it does not depend on the machine's speed.
journal=/run/bindd/journal
# kill_after COUNT: runs apply and kills it once it has written COUNT records; fails if it ended before.
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
# Each takes a dozen seconds here; crash_test.cpp tries all of them on the model of the kernel.
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
check "most were killed before they ended ($in_time of them)" test $in_time -ge 3

done_checking

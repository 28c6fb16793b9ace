#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# boots.sh [COUNT]: boots a guest with systemd and a policy for two of its three identical disks COUNT times (3), and once
# with bindd.disable. Prints how many boots passed cases/boot.sh; all must.
set -u
lab=$(dirname "${BASH_SOURCE[0]}")
count=${1:-3}
good=0
# one_boot HOW [KERNEL-ARGUMENT]
one_boot() {
    "$lab/lab.sh" --systemd --devices twins,virtio --timeout 300 --append "initcall_debug log_buf_len=4M ${2:-}" \
        --before "$lab/guest/boot" -- tests/lab/cases/boot.sh "$1"
}
for ((number = 1; number <= count; number++)); do
    printf '# boot %s of %s\n' "$number" "$count"
    if one_boot given; then good=$((good + 1)); fi
done
printf '# %s of %s boots: two disks are on vfio-pci and were never probed by nvme, the third is on nvme\n' \
    "$good" "$count"
printf '# a boot with bindd.disable\n'
one_boot native bindd.disable || exit 1
[ "$good" = "$count" ]

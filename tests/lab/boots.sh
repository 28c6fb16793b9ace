#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# boots.sh [COUNT]: COUNT boots (3) of a guest with systemd and a policy for two of its three identical disks, and one
# with bindd.disable. Says how many ended as they should; all must.
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
printf '# %s of %s boots: the two were given away and never probed by their native driver, the third is native\n' \
    "$good" "$count"
printf '# a boot with bindd.disable\n'
one_boot native bindd.disable || exit 1
[ "$good" = "$count" ]

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# reboots.sh: boots a guest with systemd, the daemon, an imported policy and mediated devices twice. Both boots must pass
# cases/boot_external_managers.sh, and the mediated devices must have the same UUIDs in both.
set -u
lab=$(dirname "${BASH_SOURCE[0]}")
first=
for number in 1 2; do
    printf '# boot %s of 2\n' "$number"
    output=$("$lab/lab.sh" --systemd --devices twins --timeout 300 --before "$lab/guest/external_managers" -- \
        tests/lab/cases/boot_external_managers.sh)
    status=$?
    printf '%s\n' "$output"
    [ $status = 0 ] || exit 1
    mdevs=$(grep '^# mdevs ' <<<"$output") || exit 1
    if [ "$number" = 2 ] && [ "$mdevs" != "$first" ]; then
        printf 'not ok - the mediated devices have other UUIDs after a reboot: %s\n' "$first"
        exit 1
    fi
    first=$mdevs
done
printf 'ok - the mediated devices have the same UUIDs after a reboot\n'

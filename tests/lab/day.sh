#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# day.sh: a day of an administrator, with a reboot at its end: cases/day.sh in two boots of a guest with systemd and the
# daemon. The second one has the files of the first that survive a reboot: policies and history.
set -u
lab=$(dirname "${BASH_SOURCE[0]}")
export BINDD_BUILD=${BINDD_BUILD:-build/dev}
state=$BINDD_BUILD/tests/lab/day.state
trap 'rm -f "$state"' EXIT
rm -f "$state"
for part in day morning; do
    printf '# the %s\n' "$part"
    output=$("$lab/lab.sh" --systemd --devices twins --timeout 300 --before "$lab/guest/day" -- tests/lab/cases/day.sh $part)
    status=$?
    grep -v '^# state ' <<<"$output"
    [ $status = 0 ] || exit 1
    sed -n 's/^# state //p' <<<"$output" | base64 -d >"$state"
done

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Sixty-four VFs are made at once while the daemon runs: all get the declared driver, and none is left when they are
# removed. ROUNDS=2 repeats it with names that the daemon already knows.
. tests/lab/check.sh

pf=/sys/bus/pci/devices/0000:01:00.0
scratch=$(mktemp -d)
log=$scratch/log
count=64
rounds=${ROUNDS:-1}
cat >"$scratch/rules.yaml" <<'RULES'
version: 1
rules:
  - { name: vfs, match: { pf: { address: "0000:01:00.0" } }, driver: auto }
RULES
bound() { find /sys/bus/pci/drivers/vfio-pci -name '0000:01:*' | wc -l; }
are_bound() { [ "$(bound)" = "$1" ]; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

"$BINDD_BUILD/bindd/bindd" --bus none --policy "$scratch/rules.yaml" 2>"$log" &
daemon=$!
eventually "the daemon is ready" grep -q "ready: " "$log"
# The native driver must not probe them: a VF of this PF is not online before it has queues.
check "the native driver does not probe VFs" store $pf/sriov_drivers_autoprobe 0
for round in $(seq "$rounds"); do
    begun=$(now_ms)
    check "$count VFs at once" store $pf/sriov_numvfs $count
    made=$(now_ms)
    eventually "all are on vfio-pci" are_bound $count
    echo "# round $round: made in $((made - begun)) ms, the last one bound $(($(now_ms) - made)) ms later"
    equal "with their override" $count "$(cat $pf/virtfn*/driver_override | grep -cx vfio-pci)"
    check "they are removed" store $pf/sriov_numvfs 0
    eventually "all of them" are_bound 0
done
equal "no event was lost, and nothing failed" "" "$(grep -E 'lost|failed|stuck|refused' "$log")"
all_reconciled() { [ "$(grep -c 'reconcile: done' "$log")" = $((rounds * count)) ]; }
eventually "each was bound in a transaction of its own" all_reconciled
kill -TERM $daemon
wait $daemon
equal "SIGTERM ends it with success" 0 $?
done_checking

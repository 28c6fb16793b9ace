#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Random operations beside the daemon: binds, releases, edits of the policy, kills, unplugs, other programs' writes, mounts
# and addresses that come and go. No device is lost, none in use is taken, and everything settles. The order of the
# operations is always the same, unless BINDD_RANDOM_SEED gives another seed, or `new` for one that no run had. For an hour:
# BINDD_RANDOM_SEED=new BINDD_RANDOM_SECONDS=3600 ./run lab --timeout 4500 -- tests/lab/cases/random.sh
. tests/lab/check.sh

seed=${BINDD_RANDOM_SEED:-334869436}
[ "$seed" != new ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
echo "# seed $seed"
log=$(mktemp)
python3 -B tests/lab/guest/random_operations.py "$seed" "${BINDD_RANDOM_SECONDS:-180}" 2>&1 | tee "$log"
equal "everything held, with the seed $seed" "0" "${PIPESTATUS[0]}"
equal "nothing is missing that must hold" "" "$(grep '^not held' "$log")"
contains "operations were made" " operations in " "$(cat "$log")"

done_checking

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the lab's guest: usage_bench.py for 16 VFs. With less memory its 5,000 processes end with "unshare: sigprocmask
# unblock failed" (util-linux 2.38 says so where its child was killed).
#   BINDD_BUILD=BUILD-DIR tests/lab/lab.sh --devices sriov --qemu "-m 10240" --timeout 1200 -- tests/bench/usage_guest.sh
set -eu
# shellcheck source=tests/bench/in_memory.sh
. tests/bench/in_memory.sh
pf=/sys/bus/pci/devices/0000:01:00.0
in_memory "$BINDD_BUILD/tests/lab/programs/lab_usage_of" "$(command -v lsof)" "$(command -v findmnt)"
echo 16 >$pf/sriov_numvfs
until [ -e $pf/virtfn15 ]; do sleep 0.1; done
udevadm settle
vfs=()
for link in "$pf"/virtfn*; do vfs+=("$(basename "$(readlink "$link")")"); done
python3 tests/bench/usage_bench.py "$BINDD_BUILD" "${vfs[@]}"

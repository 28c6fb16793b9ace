#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Which devices in use each tool would have taken: vfioctl, driverctl, dpdk-devbind (Debian's package dpdk) and virsh
# nodedev-detach, each in a guest of its own that is thrown away. Prints a table; succeeds if vfioctl takes none.
#   tests/bench/in_use.sh BUILD-DIR
set -u
export BINDD_BUILD
BINDD_BUILD=$(realpath "${1:?the build directory}")
cd "$(dirname "$0")/../.." || exit
# shellcheck source=tests/lab/cache.sh
. tests/lab/cache.sh
# shellcheck source=tests/lab/apt.sh
. tests/lab/apt.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
package=$(fetch_package "$(dpkg --print-architecture)" '^dpdk$') && dpkg -x "$package" "$LAB_CACHE/dpdk"
dpdk=$LAB_CACHE/dpdk/usr/bin/dpdk-devbind.py
more=
for slot in 18 19 1a 1b; do
    truncate -s 64M "$scratch/disk$slot"
    more+=" -drive file=$scratch/disk$slot,format=raw,if=none,id=disk$slot -device nvme,addr=$slot.0,serial=s$slot,drive=disk$slot"
done
more+=" -netdev hubport,id=net1c,hubid=28 -device e1000e,addr=1c.0,netdev=net1c"
read -r -a tools <<<"${TOOLS:-vfioctl driverctl dpdk-devbind virsh}"
for tool in "${tools[@]}"; do
    tests/lab/lab.sh --timeout 600 --kernel stock --devices full --qemu "$more" -- tests/bench/in_use_guest.sh "$tool" "$dpdk" \
        >"$scratch/$tool" 2>"$scratch/$tool.log" || tail -n 20 "$scratch/$tool.log" >&2
    [ -z "${VERBOSE:-}" ] || cat "$scratch/$tool.log"
done
printf '%-50s' "in use by"
printf ' %-26s' "${tools[@]}"
printf '\n'
cut -f1 "$scratch/${tools[0]}" | while read -r use; do
    printf '%-50s' "$use"
    for tool in "${tools[@]}"; do
        printf ' %-26s' "$(awk -F'\t' -v use="$use" '$1 == use { print $2 }' "$scratch/$tool")"
    done
    printf '\n'
done
printf '%-50s' "taken although in use"
for tool in "${tools[@]}"; do printf ' %-26s' "$(grep -c $'\ttook$' "$scratch/$tool")"; done
printf '\n'
grep -q $'\trefused$' "$scratch/vfioctl" && ! grep -q $'\ttook$' "$scratch/vfioctl"

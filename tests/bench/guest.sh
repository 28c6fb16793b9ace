#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the lab's guest (devices: sriov): compares vfioctl with other tools and with a shell loop. They take turns in one
# run, so that ratios are comparable. Prints tables and asserts nothing.
#   tests/lab/lab.sh --devices sriov -- tests/bench/guest.sh BUILD-DIR
set -u
# shellcheck source=tests/bench/in_memory.sh
. tests/bench/in_memory.sh
cp "${1:?the build directory}/vfioctl/vfioctl" /run/vfioctl
PATH=/run:$PATH
pf=0000:01:00.0
pci=/sys/bus/pci/devices
rounds=${ROUNDS:-15}
programs=()

# ms COMMAND...: prints its time. udev's work for the previous command is not counted.
ms() {
    udevadm settle
    local begin=${EPOCHREALTIME/./} end
    "$@" >/dev/null 2>&1 || printf 'failed: %s\n' "$*" >&2
    end=${EPOCHREALTIME/./}
    printf '%s\n' $(((end - begin) / 1000))
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else printf "-" }'; }

# table TITLE: a row for each of $names, from $results/NAME, with the ratio to vfioctl.
table() {
    local name value own
    own=$(median <"$results/vfioctl")
    printf '\n%s (medians, ms)\n' "$1"
    for name in "${names[@]}"; do
        value=$(median <"$results/$name")
        printf '  %-28s %8s of %2s   vfioctl / this: %s\n' "$name" "$value" "$(wc -l <"$results/$name")" "$(ratio "$own" "$value")"
    done
}

for program in vfioctl bash lspci driverctl udevadm basename readlink grep cut sed realpath; do
    programs+=("$(command -v $program)")
done
in_memory "${programs[@]}"
modprobe vfio-pci
echo 0 >$pci/$pf/sriov_drivers_autoprobe
echo 16 >$pci/$pf/sriov_numvfs
until [ -e $pci/$pf/virtfn15 ]; do sleep 0.1; done
vfs=()
for link in "$pci/$pf"/virtfn*; do vfs+=("$(basename "$(readlink "$link")")"); done
udevadm settle

bare_loop() {
    for vf in "${vfs[@]}"; do
        echo vfio-pci >"$pci/$vf/driver_override"
        echo "$vf" >/sys/bus/pci/drivers/vfio-pci/bind
    done
}
bare_undo() {
    for vf in "${vfs[@]}"; do
        echo "$vf" >/sys/bus/pci/drivers/vfio-pci/unbind
        echo >"$pci/$vf/driver_override"
    done
}
with_driverctl() { for vf in "${vfs[@]}"; do driverctl --nosave set-override "$vf" vfio-pci; done; }
without_driverctl() { for vf in "${vfs[@]}"; do driverctl --nosave unset-override "$vf"; done; }
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<'RULES'
version: 1
rules:
  - name: vfs
    match: { pf: { address: "0000:01:00.0" }, is_vf: true }
    driver: vfio-pci
RULES
by_vfioctl() { vfioctl --policy "$rules" apply; }

# The loop takes 200 to 300 ms while udev's workers run, and a tenth of that otherwise, so there are many rounds.
results=$(mktemp -d)
for ((i = 0; i < rounds; i++)); do
    ms bare_loop >>"$results/bare-shell-loop" && bare_undo
    ms by_vfioctl >>"$results/vfioctl" && vfioctl release "${vfs[@]}" >/dev/null
    [ "$i" -ge 3 ] || { ms with_driverctl >>"$results/driverctl" && without_driverctl 2>/dev/null; }
done
names=(vfioctl bare-shell-loop driverctl)
table "binding 16 VFs to vfio-pci"

# One list is too short for the clock of a guest, so ten are measured together.
rounds=$(((rounds + 2) / 3))
ten() { for _ in {1..10}; do "$@"; done; }
results=$(mktemp -d)
for ((i = 0; i < rounds; i++)); do
    ms ten vfioctl list >>"$results/vfioctl"
    ms ten lspci -nnk >>"$results/lspci-nnk"
    [ "$i" -ge 1 ] || ms ten driverctl list-devices >>"$results/driverctl-list-devices"
done
names=(vfioctl lspci-nnk driverctl-list-devices)
table "listing the devices ten times"

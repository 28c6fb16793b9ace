#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How long 16 VFs take from one policy line to all bound, beside the kernel's own time for that: a loop of the shell's own
# commands over sysfs. The guest's clock goes by its instructions (--steady), so what else this machine does is no part
# of it; what is read is in memory, as on a host that runs, so neither is the share that the guest's root comes from.
. tests/lab/check.sh
. tests/bench/in_memory.sh

pf=0000:01:00.0
pf_path=/sys/bus/pci/devices/$pf
rules=$(mktemp --suffix=.yaml)
cat >"$rules" <<'RULES'
version: 1
rules:
  - { name: pf, match: { address: "0000:01:00.0" }, sriov: { vfs: 16 } }
  - { name: vfs, match: { pf: { address: "0000:01:00.0" } }, driver: auto }
RULES
vfio=/sys/bus/pci/drivers/vfio-pci
# since MICROSECONDS: how many milliseconds ago that was. The shell's own clock: a program to ask would be measured, too.
since() { printf '%s' $(((${EPOCHREALTIME/./} - $1) / 1000)); }
bare() {
    echo 0 >$pf_path/sriov_drivers_autoprobe
    echo 16 >$pf_path/sriov_numvfs
    for index in {0..15}; do
        cd -P $pf_path/virtfn"$index" || return
        echo vfio-pci >driver_override
        echo "${PWD##*/}" >$vfio/bind
    done
    echo 1 >$pf_path/sriov_drivers_autoprobe
}
bound() { find $vfio/ -name '0000:01:*' | wc -l; }
# middle WORDS...: of five numbers
middle() { printf '%s\n' "$@" | sort -n | sed -n 3p; }

modprobe vfio-pci
cp "$(command -v vfioctl)" /run/vfioctl
in_memory /run/vfioctl
here=$PWD kernel=() ours=()
for _ in {1..5}; do
    udevadm settle
    begin=${EPOCHREALTIME/./}
    bare
    kernel+=("$(since "$begin")")
    cd "$here" || exit 1
    equal "the loop binds all" 16 "$(bound)"
    for vf in "$pf_path"/virtfn*; do store $vfio/unbind "$(basename "$(readlink "$vf")")"; done
    echo 0 >$pf_path/sriov_numvfs
    udevadm settle
    begin=${EPOCHREALTIME/./}
    /run/vfioctl --policy "$rules" apply >/dev/null
    ours+=("$(since "$begin")")
    equal "so does one line of a policy" 16 "$(bound)"
    /run/vfioctl release $pf >/dev/null
done
printf '# bare loop: %s ms\n# one line:  %s ms\n' "${kernel[*]}" "${ours[*]}"
theirs=$(middle "${kernel[@]}") mine=$(middle "${ours[@]}")
printf '# the one is %s %% of the other\n' $((mine * 100 / theirs))
done_checking
